// The numbers that decide whether a station's day is as usual.
import Core

public struct StationParameters: Sendable, Hashable {
  public var decisionThreshold = 0.5
  /// A day this many robust deviations below its expectation scores 0.5.
  public var dropDeviations = 3.0
  /// A day must also miss this share of its expectation.
  public var dropShare = 0.3
  /// The least deviation that days are thought to have, as a share of the expectation: few days may look alike by chance.
  public var leastDeviation = 0.12
  /// The same where the history shows that days hardly differ.
  public var regularShare = 0.15
  public var regularDeviation = 0.05
  /// Days of one kind, working or not, from which on a history can show that.
  public var regularDays = 10
  /// Hours without energy that history shows more often than this are no outage.
  public var outageChance = 0.06
  /// An outage misses at least this share of the day's expectation.
  public var outageShare = 0.12
  /// Days of history below which nothing is judged.
  public var leastDays = 7
  /// Days of one weekday from which a weekday is compared with its own kind only.
  public var weekdayDays = 4
  /// Energy of an hour, in kWh, that counts as none.
  public var idleHourKwh = 0.05

  public static let standard = StationParameters()
  /// Older history is not looked at.
  static let mostDays = 26 * 7
}
