// "Did you mean …?": the known name closest to what was written.

/// The candidate within two edits (one for names of up to three letters) of `name`; nil when none is near.
public func nearestName(to name: String, among candidates: some Sequence<String>) -> String? {
  let most = name.count <= 4 ? 1 : 2
  var best: (String, Int)?
  for candidate in candidates where abs(candidate.count - name.count) <= most {
    let distance = editDistance(Array(name.lowercased().utf8), Array(candidate.lowercased().utf8))
    if distance <= most, distance < best?.1 ?? Int.max { best = (candidate, distance) }
  }
  return best?.0
}

/// Edits (insert, remove, replace, swap neighbours) that turn `a` into `b`.
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
  if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
  var before: [Int] = []
  var last = Array(0...b.count)
  for i in 1...a.count {
    var row = [i] + Array(repeating: 0, count: b.count)
    for j in 1...b.count {
      row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
      if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { row[j] = min(row[j], before[j - 2] + 1) }
    }
    before = last
    last = row
  }
  return last[b.count]
}
