// Whether a read may be answered by a standby: only where a view is shown to someone who asked for nothing newer.

public enum ReadFreshness {
  /// True within a GET of a view, once it is known who asks. Decisions, permissions and writes are never read so.
  @TaskLocal public static var mayBeStale = false
}
