// The memory of this very process: how much the allocator may hold back.
import CLinux
import Foundation

public enum OwnMemory {
  /// Heaps that the allocator keeps for the threads: more would each hold on to memory of their own.
  static let arenas: Int32 = 2

  /// Called once, before other threads start.
  public static func limitArenas() { mallopt(Int32(M_ARENA_MAX), arenas) }

  /// Gives free memory back to the system; walks through the heap.
  public static func trim() { malloc_trim(0) }
}
