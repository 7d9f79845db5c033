// A stream of signals over a replica's wire: some are lost, some come late, some come twice.
import Core

final class FaultyStream<Element: Sendable>: @unchecked Sendable {
  private var source: AsyncStream<Element>.Iterator
  private let link: ReplicaLink
  private var again: Element?

  private init(_ stream: AsyncStream<Element>, link: ReplicaLink) {
    source = stream.makeAsyncIterator()
    self.link = link
  }

  static func over(_ stream: AsyncStream<Element>, link: ReplicaLink) -> AsyncStream<Element> {
    let faulty = FaultyStream(stream, link: link)
    return AsyncStream { await faulty.next() }
  }

  private func next() async -> Element? {
    if let again {
      self.again = nil
      return again
    }
    while let element = await source.next() {
      if link.isDead { return nil }
      if link.chance(link.rates.dropSignal) { continue }
      if link.chance(link.rates.repeatSignal) { again = element }
      if link.chance(link.rates.repeatSignal) { await link.executor.sleep(link.upTo(.seconds(2))) }
      return element
    }
    return nil
  }
}
