// JSON pointers into documents: where a value, or what surrounds it, was written.
import Core
import Kinds

extension Node {
  /// The place of the value at `pointer`; if there is none, of the innermost key or value on the way to it.
  func place(at pointer: String, in file: String, ofKey: Bool = false) -> Place {
    var here = self
    var place = self.place(in: file)
    for step in pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
      let name = step.contains("~") ? Self.unescape(step) : String(step)
      if let members = here.members, let member = members.first(where: { $0.key == name }) {
        here = member.value
        place = ofKey ? member.place(in: file) : here.place(in: file)
      } else if let items = here.items, let n = Int(name), items.indices.contains(n) {
        here = items[n]
        place = here.place(in: file)
      } else {
        break
      }
    }
    return place
  }

  func collect(into found: inout [String: Place], _ pointer: String, _ file: String) {
    switch content {
    case .scalar: break
    case .sequence(let items):
      for (n, item) in items.enumerated() {
        found["\(pointer)/\(n)"] = item.place(in: file)
        item.collect(into: &found, "\(pointer)/\(n)", file)
      }
    case .mapping(let members):
      for member in members {
        let at = pointer + "/" + FieldCheck.escape(member.key)
        found[at] = member.value.place(in: file)
        member.value.collect(into: &found, at, file)
      }
    }
  }

  private static func unescape(_ step: Substring) -> String {
    var out = ""
    var rest = step
    while let tilde = rest.firstIndex(of: "~") {
      out += rest[..<tilde]
      rest = rest[rest.index(after: tilde)...]
      out += rest.first == "1" ? "/" : "~"
      if rest.first == "0" || rest.first == "1" { rest = rest.dropFirst() }
    }
    return out + rest
  }
}
