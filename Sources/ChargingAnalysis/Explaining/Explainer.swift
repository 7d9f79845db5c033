// Explanations and answers written from a session's facts alone, without a model.
import Core

public enum Explainer {
  /// Anomalies that an explanation tells one by one.
  private static let told = 5
  /// Characters of a question that are read.
  public static let questionLimit = 2000

  /// What was found, the session's figures, each anomaly, and what to do.
  public static func explain(_ facts: SessionFacts, language: ExplanationLanguage) -> String {
    let writer = Writer(facts: facts, language: language)
    var sentences = [writer.headline, writer.session]
    sentences += facts.anomalies.prefix(told).map(writer.say)
    if facts.isIncident { sentences.append(writer.text(.incident)) }
    if !facts.recurring.isEmpty { sentences.append(writer.recurring) }
    if facts.computedSocCount > 0 { sentences.append(writer.counted(.computedCharge, facts.computedSocCount)) }
    if facts.reconstructedCount > 0 { sentences.append(writer.counted(.reconstructed, facts.reconstructedCount)) }
    sentences.append(writer.advice)
    return sentences.joined(separator: " ")
  }

  /// What the facts say to a question; to one that is not understood, the whole explanation.
  public static func answer(_ question: String, _ facts: SessionFacts, language: ExplanationLanguage) -> String {
    let writer = Writer(facts: facts, language: language)
    let topics = Topic.all(in: String(question.prefix(questionLimit)))
    guard !topics.isEmpty else { return explain(facts, language: language) }
    var sentences: [String] = []
    for topic in topics {
      for sentence in writer.answer(topic) where !sentences.contains(sentence) { sentences.append(sentence) }
    }
    return sentences.joined(separator: " ")
  }
}
