// Faults as a user names them: `crash,cut=10,lose-reply`.
import Core

extension FaultRates {
  /// Name, what it means, and the rate when none is given, per thousand calls.
  public static let named: [(name: String, doc: String, standard: Int)] = [
    ("crash", "a replica ends before, in or after a call", 10),
    ("stall", "a replica stands still for longer than its lease may last", 4),
    ("cut", "a replica does not reach the database for a while", 4), ("fail", "a call to the database fails", 40),
    ("lose-reply", "a write is done, and its reply is lost", 50), ("slow", "a call takes up to three seconds", 40),
    ("signals", "signals are lost, late or twice", 200), ("steps", "a call to an outside service fails", 100),
    ("lose-step", "a call to an outside service is done, and its reply is lost", 80),
  ]

  /// `all`, `none`, or names with commas, each with an optional rate per thousand calls. Throws Problem.
  public static func parse(_ text: String) throws -> FaultRates {
    var rates = FaultRates.none
    if text == "none" { return rates }
    let parts = text == "all" ? named.map(\.name) : text.split(separator: ",").map { $0.trimmingPrefix(" ").description }
    for part in parts {
      let pieces = part.split(separator: "=", maxSplits: 1).map(String.init)
      guard let name = pieces.first, let known = named.first(where: { $0.name == name }) else {
        let near = nearestName(to: pieces.first ?? "", among: named.map(\.name))
        throw Problem(
          .invalid, code: "faults", "There is no fault \"\(part)\".",
          fix: near.map { "Did you mean \($0)?" } ?? "Faults: all, none, \(named.map(\.name).joined(separator: ", ")).")
      }
      var rate = known.standard
      if pieces.count > 1 {
        guard let given = Int(pieces[1]), (0...1000).contains(given) else {
          throw Problem(
            .invalid, code: "faults", "\(part): a rate is a number of calls in a thousand.",
            fix: "Such as \(name)=\(known.standard).")
        }
        rate = given
      }
      rates.set(name, rate)
    }
    return rates
  }

  private mutating func set(_ name: String, _ rate: Int) {
    switch name {
    case "crash": crash = rate
    case "stall": stall = rate
    case "cut": cut = rate
    case "fail": fail = rate
    case "lose-reply": loseReply = rate
    case "slow": slow = rate
    case "signals":
      dropSignal = rate
      repeatSignal = rate
    case "steps": failStep = rate
    default: loseStep = rate
    }
  }
}
