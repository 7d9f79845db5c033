// Which detector parameters a session is analysed with: its own choice, its station's, or the base model. Pure.
import ChargingAnalysis
import Core
import Kinds
import Ports

/// The base models are part of the program; a tenant's own are objects of kind DetectorModel.
struct BaseModel: Sendable {
  var id: String
  var name: String
  var type: String
  var doc: String

  static let version = "1.0.0"
  static let csar = BaseModel(
    id: "csar-2", name: "CSAR-2", type: "csar_2",
    doc: "Finds anomalies in the meter values of one session; its parameters can be fitted to a tenant's sessions.")
  static let shade = BaseModel(
    id: "shade", name: "SHADE", type: "shade",
    doc: "Finds days on which a station delivers less energy than its own history lets expect.")
  static let all = [csar, shade]
}

enum ModelChoice {
  /// A session may name a model in its metadata under this member.
  static let member = "modelId"

  /// Parameters and the mark under which analyses remember them: the base model, or a model's id with its generation.
  static func parameters(_ model: StoredObject?) throws -> (parameters: DetectorParameters, mark: String) {
    guard let model else { return (.standard, "\(BaseModel.csar.id)@\(BaseModel.version)") }
    let parameters = try DetectorParameters(json: model.spec["parameters"] ?? .emptyObject)
    return (parameters, "\(model.name)@\(model.generation)")
  }
}
