// A verb's arguments, read by its table of flags.
import Core

struct Arguments: Sendable {
  private(set) var positionals: [String] = []
  private var given: [String: [String]] = [:]

  /// Reads the words after the verb. Throws Problems with every mistake at once.
  init(_ words: [String], of verb: Verb) throws {
    var problems: [Problem] = []
    let flags = verb.allFlags
    var rest = words[...]
    var onlyPositionals = false
    while let word = rest.popFirst() {
      guard !onlyPositionals, word.hasPrefix("-"), word != "-" else {
        positionals.append(word)
        continue
      }
      if word == "--" {
        onlyPositionals = true
        continue
      }
      let (flag, attached, spelled) = Self.find(word, among: flags)
      if verb.takesExpression, positionals.isEmpty, flag == nil || (!word.hasPrefix("--") && word.count > 2) {
        positionals.append(word)
        continue
      }
      guard let flag else {
        problems.append(Self.unknown(spelled, among: flags, verb: verb))
        continue
      }
      if flag.value == nil {
        if let attached {
          problems.append(
            Self.problem("flag_value", "\(spelled) takes no value, and got \"\(attached)\"", fix: "Write \(spelled) alone."))
        }
        given[flag.name] = [""]
        continue
      }
      guard let value = attached ?? Self.next(&rest) else {
        problems.append(Self.problem("flag_value", "\(spelled) wants a value", fix: "Write \(spelled) \(flag.value ?? "")."))
        continue
      }
      if !flag.choices.isEmpty, !flag.choices.contains(value) {
        problems.append(
          Self.problem(
            "flag_value", "\(spelled) cannot be \"\(value)\"", fix: "Choose one of \(flag.choices.joined(separator: ", "))."))
      } else if given[flag.name] != nil, !flag.repeats {
        problems.append(Self.problem("flag_twice", "\(spelled) stands twice", fix: "Give it once."))
      }
      given[flag.name, default: []].append(value)
    }
    // After an unknown flag it is not clear which words are its value.
    let isClear = !problems.contains { $0.code == "unknown_flag" }
    if !wantsHelp, isClear || positionals.count <= verb.positionalCount.upperBound { problems += countProblems(verb) }
    if !problems.isEmpty { throw Problems(problems) }
  }

  var wantsHelp: Bool { has("help") }
  func has(_ name: String) -> Bool { given[name] != nil }
  func value(_ name: String) -> String? { given[name]?.last }
  func values(_ name: String) -> [String] { given[name] ?? [] }
  func positional(_ at: Int) -> String? { positionals.indices.contains(at) ? positionals[at] : nil }

  /// The time that a flag gives, such as `90s`.
  func duration(_ name: String) throws -> Duration? {
    guard let text = value(name) else { return nil }
    guard let duration = Duration(text: text), duration > .zero else {
      throw Problems(
        Self.problem("flag_value", "--\(name) cannot be \"\(text)\"", fix: "Write a time such as 500ms, 90s, 5m or 2h."))
    }
    return duration
  }

  func integer(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
    guard let text = value(name) else { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw Problems(
        Self.problem(
          "flag_value", "--\(name) cannot be \"\(text)\"", fix: "Write a number from \(range.lowerBound) to \(range.upperBound).")
      )
    }
    return number
  }

  /// The flag that a word means, the value attached to it, and how the flag was spelled.
  private static func find(_ word: String, among flags: [Flag]) -> (Flag?, attached: String?, spelled: String) {
    if word.hasPrefix("--") {
      let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      return (flags.first { $0.name == parts[0] }, parts.count > 1 ? parts[1] : nil, "--\(parts[0])")
    }
    let letter = word[word.index(after: word.startIndex)]
    let rest = word.dropFirst(2)
    let attached = rest.isEmpty ? nil : String(rest.hasPrefix("=") ? rest.dropFirst() : rest)
    return (flags.first { $0.short == letter }, attached, "-\(letter)")
  }

  private static func next(_ rest: inout ArraySlice<String>) -> String? {
    guard let first = rest.first, first == "-" || !first.hasPrefix("-") else { return nil }
    rest.removeFirst()
    return first
  }

  private func countProblems(_ verb: Verb) -> [Problem] {
    let usage = "plumb \(verb.name) \(verb.positionals)"
    if positionals.count < verb.positionalCount.lowerBound {
      return [Self.problem("arguments", "\(verb.name) wants \(verb.positionals)", fix: "Write: \(usage)")]
    }
    if positionals.count > verb.positionalCount.upperBound {
      let extra = positionals[verb.positionalCount.upperBound]
      return [Self.problem("arguments", "\"\(extra)\" is one argument too many", fix: "Write: \(usage.trimmingSpaces())")]
    }
    return []
  }

  private static func unknown(_ spelled: String, among flags: [Flag], verb: Verb) -> Problem {
    let near = nearestName(to: String(spelled.drop { $0 == "-" }), among: flags.map(\.name))
    let fix = near.map { "Did you mean --\($0)?" } ?? "See plumb \(verb.name) --help."
    return problem("unknown_flag", "\(verb.name) has no flag \(spelled)", fix: fix)
  }

  static func problem(_ code: String, _ message: String, fix: String? = nil) -> Problem {
    Problem(.invalid, code: code, message + ".", fix: fix)
  }
}

extension String {
  func trimmingSpaces() -> String {
    var text = Substring(self)
    while text.last?.isWhitespace == true { text.removeLast() }
    while text.first?.isWhitespace == true { text.removeFirst() }
    return String(text)
  }
}
