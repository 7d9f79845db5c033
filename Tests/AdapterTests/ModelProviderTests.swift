// The model provider against a stand-in that refuses what a real one would.
import Core
import Foundation
import HTTPServer
import Kinds
import OutgoingHTTP
import XCTest

@testable import ModelProvider

final class ModelProviderTests: XCTestCase {
  /// Speaks `POST /v1/chat/completions` as OpenAI-compatible servers do: key, content type, model and messages are checked.
  private struct StandIn: HTTPHandler {
    static let key = "sk-test-0123456789"
    static let model = "tiny-1"
    let answer: @Sendable (Value) async -> HTTPResponse

    func bodyLimit(for head: HTTPRequest) -> Int { 1 << 20 }

    func handle(_ request: HTTPRequest) async -> HTTPResponse {
      guard request.path == "/v1/chat/completions" else { return Self.error(404, "Unknown request URL") }
      guard request.method == "POST" else { return Self.error(405, "Not allowed to \(request.method)") }
      guard let authorization = request.headers["authorization"] else { return Self.error(401, "You didn't provide an API key") }
      guard authorization == "Bearer \(Self.key)" else {
        return Self.error(401, "Incorrect API key provided: \(authorization.suffix(20))")
      }
      guard request.headers["content-type"]?.hasPrefix("application/json") ?? false else {
        return Self.error(415, "Unsupported media type")
      }
      guard let body = try? JSON.parse(request.body), body.object != nil else {
        return Self.error(400, "We could not parse the JSON body")
      }
      guard let model = body["model"].string else { return Self.error(400, "you must provide a model parameter") }
      guard model == Self.model else { return Self.error(404, "The model `\(model)` does not exist") }
      guard let messages = body["messages"].list, !messages.isEmpty,
        messages.allSatisfy({
          ["system", "user", "assistant"].contains($0["role"].string) && $0["content"].string?.isEmpty == false
        })
      else { return Self.error(400, "Invalid 'messages'") }
      guard body["temperature"].double.map({ (0...2).contains($0) }) ?? true, body["max_tokens"].int.map({ $0 > 0 }) ?? true,
        body["stream"].isNull || body["stream"].bool == false
      else { return Self.error(400, "Invalid value") }
      return await answer(body)
    }

    static func error(_ status: Int, _ message: String) -> HTTPResponse {
      json(["error": ["message": .string(message), "type": "invalid_request_error"]], status)
    }

    static func json(_ value: Value, _ status: Int = 200) -> HTTPResponse {
      HTTPResponse(status: status, contentType: "application/json", JSON.write(value))
    }

    static func says(_ text: String, finish: String = "stop") -> HTTPResponse {
      json([
        "id": "chatcmpl-1", "object": "chat.completion", "model": .string(model),
        "choices": [["index": 0, "message": ["role": "assistant", "content": .string(text)], "finish_reason": .string(finish)]],
      ])
    }
  }

  private func reply(
    key: String? = StandIn.key, model: String = StandIn.model, path: String = "/v1",
    arguments: Value = ["system": "Be brief.", "user": "Why?"],
    operation: String = "complete", _ answer: @escaping @Sendable (Value) async -> HTTPResponse
  ) async throws -> StepReply {
    let server = try HTTPServer(listen: "127.0.0.1", port: 0, loops: 1, handler: StandIn(answer: answer), log: { _ in })
    try server.start()
    let service = ModelService(try ModelProvider(url: "http://127.0.0.1:\(server.port)\(path)", key: key, model: model))
    let step = Step(
      name: "ask", service: "model", operation: operation, arguments: arguments, kind: .idempotent, deadline: .seconds(60))
    let reply = await service.perform(step, key: "k", metadata: Self.metadata)
    await server.shutdown(within: .milliseconds(100))
    return reply
  }

  private static let metadata = ObjectMetadata(
    tenant: .rootTenant, uid: .rootTenant, kind: "Explanation", name: "e", generation: 1, labels: [:],
    created: Timestamp(seconds: 0))

  private func code(_ reply: StepReply) -> String? { reply.value["error"]["code"].string }

  func testAnAnswer() async throws {
    let reply = try await reply { body in
      StandIn.says(" \(body["messages"].list?.map { $0["content"].string ?? "" }.joined(separator: " ") ?? "") \n")
    }
    XCTAssertEqual(reply.outcome, .done)
    XCTAssertEqual(reply.value, ["text": "Be brief. Why?", "model": "tiny-1"])
    let slash = try await self.reply(path: "/v1/") { _ in StandIn.says("yes") }
    XCTAssertEqual(slash.value["text"], "yes")
    let whole = try await self.reply(path: "/v1/chat/completions") { _ in StandIn.says("yes") }
    XCTAssertEqual(whole.value["text"], "yes")
  }

  func testRefusalsAreSaidPlainly() async throws {
    let yes: @Sendable (Value) async -> HTTPResponse = { _ in StandIn.says("yes") }
    let noKey = try await reply(key: nil, yes)
    XCTAssertEqual(code(noKey), "model_refused")
    XCTAssert(noKey.value["error"]["message"].string?.contains("401") ?? false)
    let wrong = try await reply(key: "sk-wrong-987654", yes)
    XCTAssertEqual(code(wrong), "model_refused")
    XCTAssertFalse(JSON.text(wrong.value).contains("987654"), "the provider repeats the key, we do not")
    let unknown = try await reply(model: "huge-9", yes)
    XCTAssert(unknown.value["error"]["message"].string?.contains("huge-9") ?? false)
    let empty = try await reply(arguments: ["system": "", "user": ""], yes)
    XCTAssertEqual(code(empty), "model_refused")
    let verb = try await reply(operation: "dream", yes)
    XCTAssertEqual(code(verb), "unknown_operation")
  }

  func testBadAnswers() async throws {
    let cases: [(HTTPResponse, String)] = [
      (StandIn.error(429, "Rate limit reached"), "model_busy"), (StandIn.error(503, "overloaded"), "model_unavailable"),
      (StandIn.json(["choices": []]), "model_answer"),
      (StandIn.json(["choices": [["message": ["content": nil]]]]), "model_answer"),
      (StandIn.says("   "), "model_answer"), (StandIn.says("cut", finish: "length"), "model_answer"),
      (HTTPResponse(status: 200, contentType: "text/html", Array("<html>".utf8)), "model_answer"),
      (StandIn.says(String(repeating: "a", count: ChatCompletion.answerLimit + 1)), "answer_too_long"),
      (StandIn.says(String(repeating: "a", count: OutgoingHTTP.responseLimit)), "answer_too_long"),
    ]
    for (response, expected) in cases {
      let reply = try await reply { _ in response }
      XCTAssertEqual(reply.outcome, .failed)
      XCTAssertEqual(code(reply), expected)
    }
  }

  func testNobodyThereTooSlowOrNotConfigured() async throws {
    let slow = try await reply(arguments: ["system": "s", "user": "u", "timeoutSeconds": 1]) { _ in
      try? await Task.sleep(for: .seconds(20))
      return StandIn.says("late")
    }
    XCTAssertEqual(code(slow), "model_timeout")
    let nobody = ModelService(try ModelProvider(url: "http://127.0.0.1:1/v1", key: nil, model: "m"))
    do {
      _ = try await nobody.complete(["system": "s", "user": "u"])
      XCTFail("nobody answered")
    } catch let problem as Problem { XCTAssertEqual(problem.code, "model_unavailable") }
    let none = ModelService(nil)
    XCTAssertFalse(none.isConfigured)
    do {
      _ = try await none.observe(Self.metadata, operation: "complete", arguments: nil)
      XCTFail("nothing is configured")
    } catch let problem as Problem { XCTAssertEqual(problem.code, "model_not_configured") }
  }

  func testConfiguration() throws {
    XCTAssertNil(try ModelProvider(url: nil, key: nil, model: nil))
    for (url, model, key, expected) in [
      ("ftp://a/v1", "m", nil, "bad_llm_url"), ("https://user:secret@a/v1", "m", nil, "bad_llm_url"),
      ("https://", "m", nil, "bad_llm_url"),
      ("https://a/v1", "", nil, "llm_model_missing"), ("https://a/v1", "m", "a b", "bad_llm_key"),
    ] {
      XCTAssertThrowsError(try ModelProvider(url: url, key: key, model: model)) {
        XCTAssertEqual(($0 as? Problem)?.code, expected)
      }
    }
    XCTAssertEqual(try ModelProvider(url: "https://a/v1", key: "k\n", model: "m")?.key, "k")
  }
}
