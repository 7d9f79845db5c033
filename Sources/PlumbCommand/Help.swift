// Help texts, made from the table of verbs.

enum Help {
  /// All verbs, one line each.
  static func overview(_ verbs: [Verb]) -> String {
    let width = (verbs.map(\.name.count).max() ?? 0) + 2
    var text = "plumb: a multi-tenant platform, kept true to manifests in git\n\nusage: plumb VERB [FLAGS]\n\n"
    for verb in verbs { text += "  " + verb.name.padded(to: width) + verb.summary + "\n" }
    text += "\nplumb VERB --help says more.\n"
    text += "Exit codes: 0 done, 1 failure, 2 there are changes (diff, plan), 3 invalid input, 4 not allowed, 5 conflict,\n"
    text += "6 stale plan, 7 refused by policy or guard, 8 not ready in time, 130 interrupted.\n"
    return text
  }

  /// One verb with its flags and examples.
  static func page(_ verb: Verb) -> String {
    var text = verb.summary + "\n\nusage: plumb " + verb.name
    if !verb.positionals.isEmpty { text += " " + verb.positionals }
    text += " [FLAGS]\n"
    if !verb.notes.isEmpty { text += "\n" + verb.notes.joined(separator: "\n") + "\n" }
    let rows = verb.allFlags.map { flag in
      let short = flag.short.map { "-\($0), " } ?? "    "
      return (short + "--" + flag.name + (flag.value.map { " " + $0 } ?? ""), flag.doc)
    }
    let width = min((rows.map(\.0.count).max() ?? 0) + 2, 34)
    text += "\nflags:\n"
    for (left, doc) in rows {
      text +=
        "  " + (left.count < width ? left.padded(to: width) : left + "\n" + String(repeating: " ", count: width + 2)) + doc + "\n"
    }
    if !verb.examples.isEmpty { text += "\nexamples:\n" + verb.examples.map { "  \($0)\n" }.joined() }
    return text
  }
}

extension String {
  /// Filled with spaces up to `width` characters.
  func padded(to width: Int) -> String {
    let missing = width - count
    return missing > 0 ? self + String(repeating: " ", count: missing) : self
  }
}
