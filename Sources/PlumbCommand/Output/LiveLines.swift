// Lines on a terminal that replace themselves, for waits. Elsewhere: nothing, so that logs stay short.

final class LiveLines {
  private let console: Console
  private var count = 0
  static let width = 118

  init(console: Console) { self.console = console }

  func show(_ lines: [String]) {
    guard console.errorIsTerminal else { return }
    clear()
    console.live(lines.map { String($0.prefix(Self.width)) + "\n" }.joined())
    count = lines.count
  }

  func clear() {
    guard count > 0 else { return }
    console.live("\u{1B}[\(count)A\u{1B}[J")
    count = 0
  }
}
