// The handlers of this family, for the registry.
import Ports

enum ChargingHandlers {
  static let all: [any OperationHandler] = [
    CreateSessionHandler(), ReplaceSessionHandler(), AppendSessionHandler(), GetSessionHandler(), SubmitBatchHandler(),
    GetBatchHandler(), GetExplanationHandler(), ExplainSessionHandler(), AskSessionHandler(), StationLookupHandler(),
    StationEnergyHandler(), ListAnomaliesHandler(), AnomalyConnectorsHandler(), AnomalySessionsHandler(), AnomalyDetailHandler(),
    ListModelsHandler(), GetModelHandler(), StartFineTuneHandler(), GetFineTuneHandler(), StatisticsHandler(), ListKeysHandler(),
    ListMembersHandler(),
  ]
}
