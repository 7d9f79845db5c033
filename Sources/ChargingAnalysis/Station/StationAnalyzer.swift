// SHADE: a station's day beside its own history.
import Core
import Foundation

public enum StationAnalyzer {
  /// Judges the day that begins at `day` (00:00 UTC) by its hours before `through`; of a day in progress the past days are compared up to the
  /// same hour. `hours` may hold other days too. Hours that are absent from the history, after its first, were hours without energy.
  public static func analyze(
    day: Timestamp, through: Timestamp, hours: [HourEnergy], history: [HourEnergy], parameters: StationParameters = .standard
  ) -> StationAnalysis {
    let count = min(max((through.microseconds - day.microseconds) / StationEnergy.hour, 0), 24)
    var actual = Array(repeating: 0.0, count: 24)
    for hour in hours {
      let at = (hour.start.microseconds - day.microseconds) / StationEnergy.hour
      if hour.start >= day, at < 24 { actual[at] += hour.kwh }
    }
    let past = StationHistory(history, before: day)
    let days = past.comparable(StationHistory.weekday(day.microseconds), hours: count, parameters: parameters)
    let timeline = timeline(day, actual, count)
    guard past.days.filter({ $0.energy(0, count) != nil }).count >= parameters.leastDays, count > 0 else {
      return StationAnalysis(
        day: day, type: count == 0 ? .none : .insufficientHistory, dayScore: 0, threshold: parameters.decisionThreshold,
        actualKwh: actual[..<count].reduce(0, +), expectedKwh: nil, affected: nil, markers: [], timeline: timeline, expected: [])
    }
    let expectation = Expectation(days, hours: count)
    let outage = outage(actual, count, expectation, past, parameters)
    let regular = past.irregularity(StationHistory.weekday(day.microseconds), hours: count, parameters: parameters)
    let drop = dropSeverity(actual[..<count].reduce(0, +), expectation, regular, parameters)
    let severity = max(outage?.severity ?? 0, drop)
    let score = 1 - exp2(-severity)
    var type = StationAnalysis.AnomalyType.none
    if score >= parameters.decisionThreshold {
      let explains =
        outage.map { $0.severity >= 1 || $0.expected >= 0.5 * (expectation.total - actual[..<count].reduce(0, +)) } ?? false
      type = explains ? .outage : .energyDrop
    }
    let markers = type == .none ? [] : markers(day, actual, count, expectation, type == .outage ? outage : nil, parameters)
    return StationAnalysis(
      day: day, type: type, dayScore: score, threshold: parameters.decisionThreshold, actualKwh: actual[..<count].reduce(0, +),
      expectedKwh: expectation.total, affected: type == .outage ? outage.map { $0.from..<$0.to } : nil, markers: markers,
      timeline: timeline,
      expected: (0..<count).map { HourEnergy(start: at(day, $0), kwh: expectation.byHour[$0]) })
  }

  /// What days like this one delivered.
  private struct Expectation {
    var total: Double
    var deviation: Double
    /// The usual day's course: its hours add up to `total`.
    var byHour: [Double]

    init(_ days: [StationHistory.Day], hours: Int) {
      let totals = days.compactMap { $0.energy(0, hours) }
      total = Robust.median(totals) ?? 0
      deviation = Robust.deviation(totals, around: total)
      // Hours of a quiet station are mostly empty: their mean, without the highest, has the right course, and the median of days the right sum.
      byHour = (0..<24).map { hour in
        let values = days.compactMap { $0.hours[hour] }.sorted()
        let kept = values.count >= 10 ? Array(values.dropLast(values.count / 10)) : values
        return kept.isEmpty ? 0 : kept.reduce(0, +) / Double(kept.count)
      }
      let sum = byHour[..<hours].reduce(0, +)
      if sum > 0 { byHour = byHour.map { $0 * total / sum } }
    }
  }

  /// - Parameter irregularity: how much days differ, as a share; nil where too few are known to say. At a station whose days are all
  /// alike a smaller drop is one.
  private static func dropSeverity(
    _ actual: Double, _ expectation: Expectation, _ irregularity: Double?, _ parameters: StationParameters
  ) -> Double {
    guard expectation.total > 1, actual < expectation.total else { return 0 }
    let own = expectation.deviation / expectation.total
    let usual = irregularity.map { max($0, own) }
    let least =
      usual.map { min(max(1.2 * $0, parameters.regularDeviation), parameters.leastDeviation) } ?? parameters.leastDeviation
    let share = usual.map { min(max(3.5 * $0, parameters.regularShare), parameters.dropShare) } ?? parameters.dropShare
    let deviation = max(expectation.deviation, least * expectation.total, 0.5)
    let missing = expectation.total - actual
    return min(missing / deviation / parameters.dropDeviations, missing / expectation.total / share)
  }

  private struct Outage {
    var from: Int
    var to: Int
    var severity: Double
    var expected: Double
  }

  /// The hours in a row without energy that history makes least likely.
  private static func outage(
    _ actual: [Double], _ count: Int, _ expectation: Expectation, _ past: StationHistory, _ parameters: StationParameters
  ) -> Outage? {
    var best: Outage?
    var from = 0
    while from < count {
      guard actual[from] <= parameters.idleHourKwh else {
        from += 1
        continue
      }
      var to = from + 1
      while to < count, actual[to] <= parameters.idleHourKwh { to += 1 }
      let energies = past.days.compactMap { $0.energy(from, to) }
      let empty = energies.filter { $0 <= parameters.idleHourKwh * Double(to - from) }.count
      let chance = (Double(empty) + 0.5) / Double(energies.count + 1)
      let missing = expectation.byHour[from..<to].reduce(0, +)
      let severity = min(
        log(chance) / log(parameters.outageChance), missing / max(1, parameters.outageShare * expectation.byHour.reduce(0, +)))
      if severity > best?.severity ?? 0 { best = Outage(from: from, to: to, severity: severity, expected: missing) }
      from = to
    }
    return best
  }

  /// Where the day went wrong: the outage, and hours in a row with much less than usual.
  private static func markers(
    _ day: Timestamp, _ actual: [Double], _ count: Int, _ expectation: Expectation, _ outage: Outage?,
    _ parameters: StationParameters
  ) -> [StationMarker] {
    var markers: [StationMarker] = []
    var from = 0
    while from < count {
      let isLow = { (hour: Int) in expectation.byHour[hour] > 0.2 && actual[hour] < 0.6 * expectation.byHour[hour] }
      guard isLow(from) else {
        from += 1
        continue
      }
      var to = from + 1
      while to < count, isLow(to) { to += 1 }
      let missing = (from..<to).reduce(0) { $0 + expectation.byHour[$1] - actual[$1] }
      let score = 1 - exp2(-missing / max(1, 0.15 * expectation.total))
      let isOutage = outage.map { $0.from < to && from < $0.to } ?? false
      if score >= 0.4 || isOutage {
        markers.append(
          StationMarker(
            startMinute: from * 60, timestamp: at(day, from),
            score: isOutage ? max(score, 1 - exp2(-(outage?.severity ?? 0))) : score))
      }
      from = to
    }
    return markers
  }

  private static func timeline(_ day: Timestamp, _ actual: [Double], _ count: Int) -> [EnergyPoint] {
    var sum = 0.0
    return [EnergyPoint(timestamp: day, cumulativeKwh: 0)]
      + (0..<count).map { hour in
        sum += actual[hour]
        return EnergyPoint(timestamp: at(day, hour + 1), cumulativeKwh: sum)
      }
  }

  private static func at(_ day: Timestamp, _ hour: Int) -> Timestamp {
    Timestamp(microseconds: day.microseconds + hour * StationEnergy.hour)
  }
}
