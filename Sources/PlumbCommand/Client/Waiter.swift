// Waits until objects are ready or gone, and shows meanwhile what they wait for.
import Core

struct Waiter {
  let client: APIClient
  let console: Console
  let timeout: Duration

  /// The server answers when all is well, or after this long, so that progress can be shown.
  static let round: Duration = .milliseconds(1000)
  static let firstRound: Duration = .milliseconds(300)
  static let shown = 12

  /// Waits for what `question` names (the body of `POST /plumb/v1/readiness`): `set`, `uids`, `gone`. Throws `Interrupted`.
  func wait(for question: ObjectMap) throws -> ExitCode {
    Interrupt.install()
    let start = ContinuousClock.now
    let deadline = start + timeout
    let live = LiveLines(console: console)
    var round = Self.firstRound
    while true {
      var body = question
      let left = ContinuousClock.now.duration(to: deadline)
      body["wait"] = .double(max(.zero, min(round, left)).inSeconds)
      let state: Value
      do {
        state = try client.post(["readiness"], .object(body))
      } catch let fault {
        live.clear()
        throw fault
      }
      if state["done"].bool == true {
        live.clear()
        if console.errorIsTerminal || !console.isTerminal {
          console.error("ready: \(state["total"].int ?? 0) objects after \(Self.seconds(ContinuousClock.now - start))")
        }
        return .done
      }
      if ContinuousClock.now >= deadline {
        live.clear()
        return late(state)
      }
      live.show(lines(state, elapsed: ContinuousClock.now - start))
      round = Self.round
    }
  }

  private func lines(_ state: Value, elapsed: Duration) -> [String] {
    let total = state["total"].int ?? 0
    let pending = state["pendingCount"].int ?? 0
    var lines = ["waiting: \(total - pending) of \(total) ready, \(Self.seconds(elapsed))"]
    let list = state["pending"].list ?? []
    lines += list.prefix(Self.shown).map { "  " + Self.line($0) }
    if pending > Self.shown { lines.append("  and \(pending - Self.shown) more") }
    return lines
  }

  private func late(_ state: Value) -> ExitCode {
    let pending = state["pendingCount"].int ?? 0
    console.error(
      "error: not ready after \(Self.seconds(timeout)): \(pending) of \(state["total"].int ?? 0) objects. What was applied stays in place."
    )
    for item in (state["pending"].list ?? []).prefix(Self.shown) { console.error("  " + Self.line(item)) }
    if let first = state["pending"].list?.first {
      console.error("See plumb why \(ObjectText.label(["kind": first["kind"], "metadata": ["name": first["name"]]])).")
    }
    return .timeout
  }

  static func line(_ item: Value) -> String {
    var text = "\(item["kind"].string ?? "")/\(item["name"].string ?? "")  \(item["reason"].string ?? "")"
    if let message = item["message"].string, !message.isEmpty { text += ": \(message)" }
    return Table.clean(text)
  }

  static func seconds(_ duration: Duration) -> String {
    let tenths = Int((duration.inSeconds * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)s"
  }
}
