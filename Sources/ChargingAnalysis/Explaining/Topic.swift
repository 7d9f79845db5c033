// What a question is about, by its words in any of the five languages.
import Foundation

enum Topic: CaseIterable {
  case charge, energy, power, time, recurrence, advice, score, battery, anomalies

  /// Beginnings of words, without accents, in lower case. A star is left out: words may go on.
  private var words: [String] {
    switch self {
    case .charge:
      [
        "soc", "state of charge", "charge level", "ladestand", "ladezustand", "etat de charge", "laadtoestand", "laadniveau",
        "estado de carga",
      ]
    case .energy:
      [
        "energ", "kwh", "register", "meter read", "zahler", "compteur", "contador", "meterstand", "pit", "bill", "rechnung",
        "factur", "rekening",
      ]
    case .power:
      ["power", "kw ", "kw?", "spike", "leistung", "puissance", "vermogen", "potencia", "spitze", "pic ", "piek", "pico"]
    case .time:
      [
        "how long", "when", "duration", "gap", "clock", "time", "wann", "wie lange", "dauer", "lucke", "uhr", "quand",
        "combien de temps", "duree",
        "lacune", "horloge", "wanneer", "hoe lang", "duur", "gat", "klok", "cuando", "cuanto tiempo", "duracion", "hueco",
        "reloj",
      ]
    case .recurrence:
      [
        "recur", "again", "before", "wieder", "schon", "deja", "encore", "opnieuw", "eerder", "terug", "otra vez", "antes",
        "repet",
      ]
    case .advice:
      [
        "what should", "what to do", "recommend", "fix", "action", "was soll", "was tun", "empfehl", "que faire", "conseil",
        "recommand", "wat moet",
        "advies", "aanbev", "que hacer", "que debo", "recomend",
      ]
    case .score: ["score", "confiden", "sure", "certain", "sicher", "confian", "zeker", "puntuaci", "fiable"]
    case .battery: ["battery", "batterie", "akku", "accu", "bateria", "capacity", "kapazitat", "capacit", "capaci"]
    case .anomalies:
      [
        "anomal", "wrong", "problem", "what happen", "why", "auffall", "fehler", "warum", "was ist passiert", "pourquoi",
        "que s'est", "waarom", "afwijk",
        "wat is er", "por que", "que paso",
      ]
    }
  }

  /// In the order of `allCases`. A question why something happened is about that, not about everything.
  static func all(in question: String) -> [Topic] {
    let text = " " + question.folding(options: [.diacriticInsensitive, .caseInsensitive], locale: nil).lowercased() + " "
    let found = allCases.filter { topic in
      topic.words.contains { text.contains(" " + $0) || $0.contains(" ") && text.contains($0) }
    }
    return found.count > 1 ? found.filter { $0 != .anomalies } : found
  }

  /// The anomalies that say something about it.
  var categories: Set<AnomalyCategory> {
    switch self {
    case .charge: [.socDrop, .stuckValue]
    case .energy: [.kwhDecrease, .energyPit, .powerEnergyMismatch]
    case .power: [.powerSpike, .stuckValue, .powerEnergyMismatch]
    case .time: [.dataGap, .clockJump]
    case .recurrence, .advice, .score, .battery, .anomalies: Set(AnomalyCategory.allCases)
    }
  }
}
