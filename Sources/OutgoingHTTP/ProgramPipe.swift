// A pipe between this process and a program: our end does not block, and neither end is inherited by accident.
import CLinux
import Core
import Foundation

struct ProgramPipe {
  enum Direction { case toChild, fromChild }

  let ourEnd: Int32
  let childEnd: Int32

  init(_ direction: Direction) throws {
    var ends: [Int32] = [-1, -1]
    guard pipe2(&ends, O_CLOEXEC) == 0 else {
      throw Problem(.unavailable, code: "program_failed", "No pipe can be made: \(String(cString: strerror(errno))).")
    }
    let (ours, childs) = direction == .toChild ? (ends[1], ends[0]) : (ends[0], ends[1])
    // Above the numbers that the child gives its files, so that moving one there overwrites none.
    childEnd = fcntl(childs, F_DUPFD_CLOEXEC, 16)
    close(childs)
    ourEnd = ours
    _ = fcntl(ours, F_SETFL, O_NONBLOCK)
    guard childEnd >= 0 else {
      close(ours)
      throw Problem(.unavailable, code: "program_failed", "No pipe can be made: \(String(cString: strerror(errno))).")
    }
  }

  func closeOurEnd() { close(ourEnd) }
  func closeChildEnd() { close(childEnd) }
}
