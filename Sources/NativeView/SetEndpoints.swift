// GET sets: the sets of manifests that were applied.
import Core
import HTTPServer

extension NativeHandler {
  func sets(_ request: NativeRequest) async throws -> HTTPResponse {
    let sets = try await store.sets(owner: request.caller.tenant)
    let items = sets.map { set -> Value in
      ["name": .string(set.name), "count": .int(set.count), "updatedAt": .string(set.updated.description)]
    }
    return NativeAnswer.json(["items": .list(items)])
  }
}
