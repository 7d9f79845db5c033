// One question to a chat model and its answer, in the form that OpenAI-compatible servers share.
import Core
import OutgoingHTTP

struct ChatCompletion {
  /// Characters of an answer that are taken.
  static let answerLimit = 16_384
  static let tokenLimit = 4096
  private static let tokens = 800
  /// Characters of a server's own words that a message shows.
  private static let shown = 200

  let provider: ModelProvider

  /// Arguments: `system`, `user`, `maxTokens`?.
  func request(_ arguments: Value, timeout: Duration) -> OutgoingRequest {
    let body: Value = [
      "model": .string(provider.model),
      "messages": [
        ["role": "system", "content": .string(arguments["system"].string ?? "")],
        ["role": "user", "content": .string(arguments["user"].string ?? "")],
      ],
      // The likeliest words: an explanation is no place for invention.
      "temperature": 0, "max_tokens": .int(min(max(arguments["maxTokens"].int ?? Self.tokens, 1), Self.tokenLimit)),
      "stream": false,
    ]
    var headers = [(name: "Content-Type", value: "application/json"), (name: "Accept", value: "application/json")]
    if let key = provider.key { headers.append(("Authorization", "Bearer \(key)")) }
    return OutgoingRequest(method: "POST", url: provider.endpoint, headers: headers, body: JSON.write(body), timeout: timeout)
  }

  /// The answer's text. Throws Problem `model_refused`, `model_busy`, `model_unavailable`, `model_answer`, `answer_too_long`.
  func text(_ response: OutgoingResponse) throws(Problem) -> String {
    guard (200..<300).contains(response.status) else { throw refusal(response) }
    guard !response.isCut else { throw Self.tooLong }
    guard let body = try? JSON.parse(response.body), let choice = body["choices"].list?.first,
      let content = choice["message"]["content"].string
    else {
      throw Problem(.unavailable, code: "model_answer", "the model provider's answer has no choices[0].message.content")
    }
    let text = content.trimmed
    guard !text.isEmpty else { throw Problem(.unavailable, code: "model_answer", "the model answered nothing") }
    guard text.count <= Self.answerLimit else { throw Self.tooLong }
    guard choice["finish_reason"].string != "length" else {
      throw Problem(.unavailable, code: "model_answer", "the model's answer breaks off at its limit of tokens")
    }
    return text
  }

  private static let tooLong = Problem(
    .unavailable, code: "answer_too_long", "the model's answer is longer than \(answerLimit) characters")

  private func refusal(_ response: OutgoingResponse) -> Problem {
    let body = try? JSON.parse(response.body)
    let words = body?["error"]["message"].string ?? body?["message"].string
    // A provider may repeat the key that it refuses.
    let safe = provider.key.map { key in words.map { $0.contains(key.suffix(4)) ? "" : $0 } ?? nil } ?? words
    let said = safe.flatMap { $0.isEmpty ? nil : ": \($0.prefix(Self.shown))" } ?? ""
    let status = response.status
    switch status {
    case 401, 403:
      return Problem(
        .unavailable, code: "model_refused", "the model provider does not accept the key (\(status))\(said)",
        fix: "Check PLUMB_LLM_KEY or --llm-key-file.")
    case 404:
      return Problem(
        .unavailable, code: "model_refused",
        "the model provider does not know \(provider.model), or has no \(provider.endpoint) (404)\(said)",
        fix: "Check --llm-url and --llm-model.")
    case 429: return Problem(.unavailable, code: "model_busy", "the model provider takes no more questions just now (429)\(said)")
    case 500...: return Problem(.unavailable, code: "model_unavailable", "the model provider failed (\(status))\(said)")
    default: return Problem(.unavailable, code: "model_refused", "the model provider refused the question (\(status))\(said)")
    }
  }
}

extension String {
  fileprivate var trimmed: String {
    var text = self[...]
    while let first = text.first, first.isWhitespace { text.removeFirst() }
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return String(text)
  }
}
