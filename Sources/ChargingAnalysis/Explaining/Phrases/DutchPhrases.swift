// Explanations in Dutch.

enum DutchPhrases {
  static let all: [Phrase: String] = [
    .found:
      "In deze sessie is {count} afwijking gevonden, met een score van {score} % en een zekerheid van {confidence} %.|In deze sessie zijn {count} afwijkingen gevonden, met een score van {score} % en een zekerheid van {confidence} %.",
    .none: "In deze sessie is geen afwijking gevonden; de score is {score} %, de zekerheid {confidence} %.",
    .session: "De sessie liep van {start} tot {end} ({duration} min) en leverde {energy} kWh.",
    .sessionWithoutEnergy: "De sessie liep van {start} tot {end} ({duration} min); er werd geen energiemeter gemeld.",
    .peak: "Het hoogste vermogen was {peak} kW.",
    .charge: "De laadtoestand ging van {from} % naar {to} %.",
    .battery: "Energie en laadtoestand samen wijzen op een accu van ongeveer {battery} kWh.",
    .chargeUnknown: "Er werd geen laadtoestand gemeld.",
    .powerUnknown: "Er werd geen vermogen gemeld.",
    .energyUnknown: "Er werd geen energiemeter gemeld.",
    .reconstructed:
      "{count} waarde is niet gemeten maar door de afzender berekend.|{count} waarden zijn niet gemeten maar door de afzender berekend.",
    .computedCharge:
      "Voor {count} moment is de laadtoestand uit de energie berekend.|Voor {count} momenten is de laadtoestand uit de energie berekend.",
    .incident: "Dit geldt als incident.",
    .recurring: "Het komt terug: deze aansluiting heeft het eerder laten zien ({names}).",
    .notRecurring: "Deze aansluiting heeft in recente sessies niet dezelfde afwijking laten zien.",
    .score: "De score is {score} %, de zekerheid {confidence} %.",
    .and: "en",
    .nothingOfCharge: "Aan de laadtoestand valt niets op.",
    .nothingOfEnergy: "Aan de energie valt niets op.",
    .nothingOfPower: "Aan het vermogen valt niets op.",
    .nothingOfTime: "Er is geen gat en geen sprong van de klok gevonden.",
    .sayFall: "De energiemeter daalde tussen {start} en {end} met {fallKwh} kWh, van {fromKwh} kWh naar {toKwh} kWh.",
    .sayPit:
      "Tussen {start} en {end} telde de energiemeter {deliveredKwh} kWh, terwijl het vermogen {expectedKwh} kWh moet hebben opgeleverd.",
    .sayPitUntold:
      "Tussen {start} en {end} werd {minutes} min lang geen energie gemeld, terwijl er vermogen liep (ongeveer {expectedKwh} kWh).",
    .sayMismatch:
      "Tussen {start} en {end} werd {deliveredKwh} kWh geteld, terwijl het gemeten vermogen {expectedKwh} kWh oplevert.",
    .sayCharge: "De laadtoestand daalde tussen {start} en {end} met {socFall} procentpunten, van {socFrom} % naar {socTo} %.",
    .sayChargeEnergy:
      "De laadtoestand daalde tussen {start} en {end} met {socFall} procentpunten, van {socFrom} % naar {socTo} %, terwijl er {deliveredKwh} kWh werd geleverd.",
    .sayGap: "Van {start} tot {end} kwam er {minutes} min lang geen waarde; anders komt er elke {usualMinutes} min een.",
    .saySpike: "Het vermogen bereikte tussen {start} en {end} {powerKw} kW, waar {usualKw} kW gebruikelijk was.",
    .saySpikeLimit: "Het vermogen bereikte tussen {start} en {end} {powerKw} kW, boven de grens van {limitKw} kW.",
    .sayStuckPower: "Het vermogen bleef van {start} tot {end} {minutes} min lang op precies {powerKw} kW ({values} waarden).",
    .sayStuckCharge:
      "De laadtoestand bleef van {start} tot {end} {minutes} min lang op {socFrom} %, terwijl de energie die op {socExpected} % had moeten brengen.",
    .sayClockForward:
      "De klok sprong tussen {start} en {end} ongeveer {jumpMinutes} min vooruit: de getelde energie past bij een veel kortere tijd.",
    .sayClockBack:
      "De klok sprong tussen {start} en {end} ongeveer {jumpMinutes} min terug: metingen van ervoor en erna liggen over elkaar.",
    .adviceKwhDecrease: "Controleer de meter en factureer deze sessie niet eerder.",
    .adviceEnergyPit: "Controleer de meter en de verbinding: er kan energie op de rekening ontbreken.",
    .advicePowerEnergyMismatch: "Controleer de eenheden en de ijking van de meter.",
    .adviceSocDrop: "Controleer wat de auto meldt: de waarde kan verkeerd gelezen zijn, of de auto is gewisseld.",
    .adviceDataGap: "Controleer de verbinding van het station op dat moment.",
    .advicePowerSpike: "Controleer de vermogensmeting; klopt die, dan was de aansluiting overbelast.",
    .adviceStuckValue: "Controleer of de meter of de gateway een oude waarde herhaalt.",
    .adviceClockJump: "Controleer de klok van het station en de tijdsynchronisatie.",
    .adviceNone: "Er hoeft niets te gebeuren.",
    .nameKwhDecrease: "dalende energiemeter", .nameEnergyPit: "energiegat",
    .namePowerEnergyMismatch: "vermogen en energie die elkaar tegenspreken",
    .nameSocDrop: "dalende laadtoestand", .nameDataGap: "gegevensgat", .namePowerSpike: "vermogenspiek",
    .nameStuckValue: "vastzittende waarde",
    .nameClockJump: "sprong van de klok",
  ]
}
