// Detector models: the base models of the program and the tenant's own.
import ChargingAnalysis
import Core
import Ports

enum ModelShape {
  static func shown(_ base: BaseModel, since: Timestamp) -> ObjectMap {
    [
      "id": .string(base.id), "name": .string(base.name), "type": .string(base.type), "version": .string(BaseModel.version),
      "isBase": true, "baseModel": nil, "metrics": [:], "status": "active", "createdAt": .string(since.description),
    ]
  }

  static func shown(_ model: StoredObject) -> ObjectMap {
    [
      "id": .string(model.name), "name": .string(model.spec["title"]?.string ?? model.name),
      "type": model.spec["type"] ?? "csar_2", "version": .string("1.0.\(model.generation - 1)"), "isBase": false,
      "baseModel": model.spec["baseModel"] ?? .null, "metrics": model.spec["metrics"] ?? [:],
      "status": model.spec["active"]?.bool == false ? "inactive" : "active", "createdAt": .string(model.created.description),
    ]
  }

  /// The base models came with the release.
  static let since = Timestamp("2026-01-01T00:00:00Z") ?? Timestamp(microseconds: 0)
}

struct ListModelsHandler: OperationHandler {
  let name = "charging.listModels"
  /// A tenant's own models that one answer holds.
  static let limit = 1000

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let own = try await ports.reads.list(
      ObjectQuery(tenant: call.tenant, kind: "DetectorModel", sort: [(.created, true)], limit: Self.limit, wantsOwners: false))
    let shown = BaseModel.all.map { ModelShape.shown($0, since: ModelShape.since) } + own.objects.map(ModelShape.shown)
    return .value(["models": .list(shown.map(Value.object))])
  }
}

struct GetModelHandler: OperationHandler {
  let name = "charging.getModel"

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let id = call.path["model_id"] ?? ""
    if let base = BaseModel.all.first(where: { $0.id == id }) {
      var shown = ModelShape.shown(base, since: ModelShape.since)
      shown["s3Path"] = .null
      shown["description"] = .string(base.doc)
      shown["parameters"] = base.id == BaseModel.csar.id ? DetectorParameters.standard.json : nil
      return .value(.object(shown))
    }
    guard let model = call.target else { throw Problem(.missing, code: "missing", "There is no such model.") }
    var shown = ModelShape.shown(model)
    shown["s3Path"] = .null
    shown["description"] = model.spec["description"] ?? .null
    shown["parameters"] = model.spec["parameters"] ?? .null
    return .value(.object(shown))
  }
}
