// plumb person: what is stored about a person, and that it be forgotten.
import Core

enum PersonVerb {
  static let verb = Verb(
    name: "person", summary: "Export what is stored about a person, or erase it.", positionals: "export|erase PERSON",
    positionalCount: 2...2,
    flags: [Flag("confirm", value: "ADDRESS", "For erase: the person's address again; there is no way back.")], usesServer: true,
    notes: [
      "PERSON is an address of staff, or the name or id of an Account; `me` is who asks. Only owners of the root tenant ask about others.",
      "Erasing deletes the account, memberships, keys, factors, messages and mails with their history. Records that others need keep their "
        + "facts, with an alias in the person's place; an entry of the audit log says so.",
    ],
    examples: ["plumb person export ada@example.com", "plumb person erase ada@example.com --confirm ada@example.com"], run: run)

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    let words = arguments.positionals
    let client = try APIClient(arguments)
    switch words[0] {
    case "export": console.out(JSON.pretty(try client.get(["people", words[1]])) + "\n")
    case "erase":
      let done = try client.delete(["people", words[1]], query: [("confirm", arguments.value("confirm"))])
      console.out(JSON.pretty(done) + "\n")
    default:
      throw Arguments.problem("argument", "there is no `plumb person \(words[0])`", fix: "Write export or erase.")
    }
    return .done
  }
}
