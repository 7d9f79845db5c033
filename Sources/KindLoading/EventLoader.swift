// The events of a kind: those that it names, and the three that every stored kind has.
import Core
import Expressions
import Kinds

struct EventLoader {
  let file: SpecFile
  let faults: SpecFaults
  let expressions: ExpressionReader

  /// `events: none`, or `{name: CEL}` and `{name: {when, doc}}` added to `<kind>.created`, `.updated` and `.deleted`, which an
  /// entry of the same name replaces.
  func events(_ map: SpecMap, _ kind: KindSpec, _ scope: ExpressionScope) -> [KindSpec.Event] {
    if map["events"]?.string == "none" { return [] }
    let own = map.map("events")?.all.compactMap { event($0, scope) } ?? []
    let standard = kind.storage == .resource || kind.storage == .data ? self.standard(kind) : []
    return standard.filter { event in !own.contains { $0.name == event.name } } + own
  }

  private func event(_ member: Node.Member, _ scope: ExpressionScope) -> KindSpec.Event? {
    let parts = member.key.split(separator: ".", omittingEmptySubsequences: false)
    let isWord = { (part: Substring) in
      !part.isEmpty && part.utf8.allSatisfy { ($0 >= 97 && $0 <= 122) || ($0 >= 48 && $0 <= 57) || $0 == 95 }
    }
    if parts.count < 2 || !parts.allSatisfy(isWord) {
      faults.add("\"\(member.key)\" is no event name", at: file.place(member), fix: "Write it as app.updated.")
    }
    if member.value.members == nil {
      return expressions.program(member.value, in: file, scope).map { KindSpec.Event(name: member.key, when: $0, doc: "") }
    }
    guard
      let one = SpecMap(
        member.value, in: file, faults, what: "the event \"\(member.key)\"", keys: ["when", "doc", "observed", "platform"])
    else {
      return nil
    }
    if !one.has("when") { faults.add("the event \"\(member.key)\" needs \"when\"", at: one.place) }
    return expressions.program(one, "when", scope).map {
      KindSpec.Event(
        name: member.key, when: $0, doc: one.string("doc") ?? "", observed: one.bool("observed") ?? false,
        platform: one.bool("platform") ?? false)
    }
  }

  private func standard(_ kind: KindSpec) -> [KindSpec.Event] {
    let name = Spelling.shown(kind.name, .snake)
    let table = [
      ("created", "old == null && self != null", "was created"), ("updated", "old != null && self != null", "changed"),
      ("deleted", "old != null && self == null", "was deleted"),
    ]
    return table.compactMap { word, source, what in
      (try? CELProgram(source, functions: .platform, lenient: true)).map {
        KindSpec.Event(name: "\(name).\(word)", when: $0, doc: "A \(kind.name) \(what).")
      }
    }
  }
}
