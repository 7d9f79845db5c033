// Gives memory back that a large apply needed for a moment and the allocator kept.
import ProcessRuntime

struct MemoryTrim {
  /// Below this nothing is worth the walk through the heap.
  static let from = 96 << 20
  /// Growth since the last trim that makes another worth it.
  static let step = 16 << 20

  private var after = 0

  mutating func trim() {
    let resident = Metrics.residentBytes()
    guard resident > Self.from, resident > after + Self.step else { return }
    OwnMemory.trim()
    after = Metrics.residentBytes()
  }
}
