// plumb eval: one CEL expression over a JSON or YAML document, the result as JSON.
import Core
import Documents
import Expressions

enum EvalVerb {
  static let verb = Verb(
    name: "eval", summary: "Evaluate a CEL expression over a JSON or YAML document.", positionals: "EXPR", positionalCount: 1...1,
    flags: [
      Flag(
        "input", value: "FILE|-",
        "The document, known to the expression as `input`; the members of a map also by their own names. Several documents make a list."
      ),
      Flag.output(["json", "pretty", "yaml"]),
    ],
    takesExpression: true,
    notes: ["Exit code 1: the expression failed. 3: it, or the document, cannot be read."],
    examples: [
      "plumb eval '1 + 2'", "plumb eval 'input.spec.port > 1024' --input app.yaml", "plumb eval input --input app.yaml",
    ], run: run)

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    var names: [String: CELValue] = [:]
    if let path = arguments.value("input") {
      let document = try document(path)
      names = CELRecord(document).values
      names["input"] = CELValue(document)
    }
    let program: CELProgram
    // An unknown function is a failure of the run: the expression may never come to it.
    do { program = try CELProgram(arguments.positionals[0], functions: .platform, checksCalls: false) } catch let error
      as CELError
    {
      throw Problems(
        error.faults.map { fault in
          Problem(
            .invalid, code: "expression", fault.message, place: Place(file: "expression", line: fault.line, column: fault.column))
        })
    }
    switch program.evaluate(CELRecord(names), limit: costLimit) {
    case .failure(let failure):
      console.error("error: \(failure.message)")
      return .failure
    case .success(.error(let failure)):
      console.error("error: \(failure.message)")
      return .failure
    case .success(let result):
      switch arguments.value("output") {
      case "pretty": console.line(JSON.pretty(result.value))
      case "yaml": console.out(YAMLWriter.write(result.value))
      default: console.line(JSON.text(result.value))
      }
      return .done
    }
  }

  /// For a person's own machine: more than rules get.
  static let costLimit = 10_000_000

  private static func document(_ path: String) throws -> Value {
    let bytes = try FileReader.read(path, limit: DocumentLimits.standard.fileBytes)
    if path.hasSuffix(".json") {
      // One JSON text of any type. RFC 8259 lets names repeat; the last counts.
      do { return try JSON.parse(bytes, duplicates: .lastWins) } catch let fault as JSONError {
        throw Problem(
          .invalid, code: "json", fault.message + ".", place: Place(file: path, line: fault.line, column: fault.column))
      }
    }
    // A list in JSON is one document here, and several manifests elsewhere.
    if DocumentReader.looksLikeJSON(bytes), let value = try? JSON.parse(bytes) { return value }
    let (documents, problems) = YAMLReader.documents(bytes, file: path, limits: .standard)
    if !problems.isEmpty { throw Problems(problems) }
    let values = documents.map { $0.node?.value ?? .null }
    return values.count > 1 ? .list(values) : values.first ?? .null
  }
}
