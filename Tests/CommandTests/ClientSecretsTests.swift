// Secrets that manifests take from the client's surroundings.
import XCTest

@testable import PlumbCommand

final class ClientSecretsTests: XCTestCase {
  private func read(_ text: String, name: String = "a.yaml", _ environment: [String: String] = [:]) -> [String: String] {
    ClientSecrets.read([SetFile(name: name, bytes: Array(text.utf8))]) { environment[$0] }
  }

  func testVariablesByDocumentAndPointer() {
    let text = """
      kind: A
      spec: {plain: 1}
      ---
      # a comment
      ---
      kind: B
      spec:
        secret: {env: TOKEN}
        list: [{key: {env: "OTHER"}}]
        gone: {env: UNSET}
        a/b: {env: TOKEN}
      """
    XCTAssertEqual(
      read(text, ["TOKEN": "t", "OTHER": "o"]),
      ["a.yaml#1#/spec/secret": "t", "a.yaml#1#/spec/list/0/key": "o", "a.yaml#1#/spec/a~1b": "t"])
  }

  func testJSONToo() {
    XCTAssertEqual(read("{\"spec\": {\"s\": {\"env\": \"T\"}}}", name: "a.json", ["T": "t"]), ["a.json#0#/spec/s": "t"])
  }

  func testFilesAreRelativeToTheManifest() throws {
    let folder = try TemporaryFolder()
    try folder.write("set/key.txt", "from a file\n")
    let found = read("kind: A\nspec: {s: {file: key.txt}, t: {file: missing}}\n", name: "\(folder.path)/set/a.yaml")
    XCTAssertEqual(found, ["\(folder.path)/set/a.yaml#0#/spec/s": "from a file"])
  }

  func testNothingIsReadWithoutAMention() {
    XCTAssertEqual(read("kind: A\nspec: {env: {A: b}, profile: x}\n", ["b": "c"]), [:])
    XCTAssertEqual(read("spec: [broken", ["b": "c"]), [:])
  }
}
