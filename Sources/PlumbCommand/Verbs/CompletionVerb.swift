// plumb completion: scripts for bash, zsh and fish, made from the table of verbs.

enum CompletionVerb {
  static let verb = Verb(
    name: "completion", summary: "Print a completion script for a shell.", positionals: "bash|zsh|fish", positionalCount: 1...1,
    examples: ["source <(plumb completion bash)", "plumb completion fish | source"], run: run)

  static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
    let verbs = VerbTable.all
    switch arguments.positionals[0] {
    case "bash": console.out(bash(verbs))
    case "zsh": console.out("autoload -U +X bashcompinit && bashcompinit\n" + bash(verbs))
    case "fish": console.out(fish(verbs))
    case let shell:
      throw Arguments.problem("shell", "there is no completion for \"\(shell)\"", fix: "Choose one of bash, zsh, fish.")
    }
    return .done
  }

  private static func bash(_ verbs: [Verb]) -> String {
    var text = "_plumb() {\n  local word=\"${COMP_WORDS[COMP_CWORD]}\" before=\"${COMP_WORDS[COMP_CWORD-1]}\" choices=\"\"\n"
    text += "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n    choices=\"\(verbs.map(\.name).joined(separator: " ")) help\"\n  else\n"
    text += "    case \"${COMP_WORDS[1]} $before\" in\n"
    for verb in verbs {
      for flag in verb.allFlags where !flag.choices.isEmpty {
        let patterns = ["\"\(verb.name) --\(flag.name)\""] + (flag.short.map { ["\"\(verb.name) -\($0)\""] } ?? [])
        text += "      \(patterns.joined(separator: "|"))) choices=\"\(flag.choices.joined(separator: " "))\" ;;\n"
      }
      if verb.allFlags.contains(where: { $0.name == "file" }) {
        text += "      \"\(verb.name) --file\"|\"\(verb.name) -f\") COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n"
      }
    }
    text += "      *) case \"${COMP_WORDS[1]}\" in\n"
    for verb in verbs {
      text += "        \(verb.name)) choices=\"\(verb.allFlags.map { "--" + $0.name }.joined(separator: " "))\" ;;\n"
    }
    text += "      esac ;;\n    esac\n  fi\n  COMPREPLY=($(compgen -W \"$choices\" -- \"$word\"))\n}\n"
    return text + "complete -o default -F _plumb plumb\n"
  }

  private static func fish(_ verbs: [Verb]) -> String {
    func quoted(_ text: String) -> String {
      "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "\\'") + "'"
    }
    var text = "complete -c plumb -f\n"
    for verb in verbs {
      text += "complete -c plumb -n __fish_use_subcommand -a \(verb.name) -d \(quoted(verb.summary))\n"
      for flag in verb.allFlags {
        text += "complete -c plumb -n '__fish_seen_subcommand_from \(verb.name)' -l \(flag.name)"
        if let short = flag.short { text += " -s \(short)" }
        if flag.value != nil { text += flag.choices.isEmpty ? " -r" : " -x -a \(quoted(flag.choices.joined(separator: " ")))" }
        if flag.name == "file" { text += " -F" }
        text += " -d \(quoted(flag.doc))\n"
      }
    }
    return text
  }
}
