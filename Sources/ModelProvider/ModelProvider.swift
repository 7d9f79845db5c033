// Which language model answers questions: an OpenAI-compatible server that the operator of this installation chose.
import Core

public struct ModelProvider: Sendable {
  /// Up to and with the version, such as `https://api.example.com/v1`.
  public var url: String
  /// Sent as a bearer token; nil for servers of one's own that want none.
  public var key: String?
  public var model: String

  /// Throws Problem `bad_llm_url`, `llm_model_missing`, `bad_llm_key`. Nil without a URL.
  public init?(url: String?, key: String?, model: String?) throws {
    guard let url, !url.isEmpty else { return nil }
    let host = ["https://", "http://"].first { url.hasPrefix($0) }.map { url.dropFirst($0.count) } ?? ""
    guard !host.isEmpty, !host.hasPrefix("/"), !url.contains(where: { $0.isWhitespace || $0 == "@" || $0 == "?" || $0 == "#" })
    else {
      throw Problem(
        .invalid, code: "bad_llm_url", "--llm-url cannot be \"\(url.prefix(200))\"",
        fix: "Write it up to the version, such as https://api.example.com/v1, with the key in --llm-key-file or PLUMB_LLM_KEY.")
    }
    guard let model, !model.isEmpty else {
      throw Problem(.invalid, code: "llm_model_missing", "--llm-url needs the name of a model", fix: "Add --llm-model NAME.")
    }
    let key = key?.filter { !$0.isNewline }
    guard key?.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) ?? true else {
      throw Problem(.invalid, code: "bad_llm_key", "the key of the model provider holds a character that no header may hold")
    }
    self.url = url
    self.key = key.flatMap { $0.isEmpty ? nil : $0 }
    self.model = model
  }

  var endpoint: String {
    let base = url.hasSuffix("/") ? String(url.dropLast()) : url
    return base.hasSuffix("/chat/completions") ? base : base + "/chat/completions"
  }
}
