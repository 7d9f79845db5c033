// SOC_DROP: the state of charge falls while energy is delivered.

enum SocDropDetector {
  /// While nothing is charged a car may use its battery: a fall must be so many times as large.
  private static let idleFactor = 2.0

  /// Fewer values do not tell noise from a curve.
  private static let fewestForNoise = 12

  static func run(_ scene: inout Scene) {
    let soc = scene.signal.soc
    // A car that also gives energy back may be emptier afterwards.
    guard soc.count >= 2, !scene.signal.exports else { return }
    let shaking = soc.count < fewestForNoise ? 0 : Robust.noise(soc.values)
    // Rounding looks like noise, and makes nothing fall.
    let noise = shaking < 0.8 * soc.quantum ? 0 : shaking
    let least = max(scene.parameters.socDropPercent, (scene.parameters.noiseMultiple + 2) * noise)
    let model = SocModel(scene.trusted, scene.limits)
    var top = 0
    var i = 1
    while i < soc.count {
      if soc.values[i] >= soc.values[top] {
        top = i
        i += 1
        continue
      }
      // Down to the lowest value, until it has clearly risen again.
      var bottom = i
      var next = i + 1
      while next < soc.count, soc.values[next] <= soc.values[bottom] + least / 2 {
        if soc.values[next] < soc.values[bottom] { bottom = next }
        next += 1
      }
      report(&scene, soc, top, bottom, least, model)
      // What follows is judged from the bottom: one fall is told once.
      top = bottom
      i = bottom + 1
    }
  }

  private static func report(_ scene: inout Scene, _ soc: Channel, _ top: Int, _ bottom: Int, _ least: Double, _ model: SocModel)
  {
    let fall = soc.values[top] - soc.values[bottom]
    let from = soc.times[top]
    let to = soc.times[bottom]
    guard fall >= max(1.5, 1.01 * soc.quantum), !scene.isDisordered(from, to) else { return }
    let energy = model.energy(from: from, to: to)
    let isCharging = energy.map { $0 > 0.01 } ?? true
    // It should even have risen.
    let rise = (model.batteryKwh.map { max(0, energy ?? 0) / $0 * 100 } ?? 0)
    let severity = (fall + rise) / least / (isCharging ? 1 : idleFactor)
    guard severity > 0.2 else { return }
    var evidence: [(Evidence, Double)] = [(.socFall, fall), (.socFrom, soc.values[top]), (.socTo, soc.values[bottom])]
    if let energy, energy > 0 { evidence.append((.deliveredKwh, energy)) }
    scene.findings.append(
      Finding(
        category: .socDrop, severity: severity, from: from, to: to, certainty: energy == nil ? 0.7 : isCharging ? 0.95 : 0.6,
        evidence: evidence))
  }
}
