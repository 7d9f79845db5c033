// Explanations in Spanish.

enum SpanishPhrases {
  static let all: [Phrase: String] = [
    .found:
      "Se ha encontrado {count} anomalía en esta sesión, con una puntuación del {score} % y una confianza del {confidence} %.|Se han encontrado {count} anomalías en esta sesión, con una puntuación del {score} % y una confianza del {confidence} %.",
    .none:
      "No se ha encontrado ninguna anomalía en esta sesión; la puntuación es del {score} %, la confianza del {confidence} %.",
    .session: "La sesión duró del {start} al {end} ({duration} min) y entregó {energy} kWh.",
    .sessionWithoutEnergy: "La sesión duró del {start} al {end} ({duration} min); no se recibió ningún contador de energía.",
    .peak: "La potencia más alta fue de {peak} kW.",
    .charge: "El estado de carga pasó del {from} % al {to} %.",
    .battery: "La energía y el estado de carga juntos indican una batería de unos {battery} kWh.",
    .chargeUnknown: "No se recibió ningún estado de carga.",
    .powerUnknown: "No se recibió ninguna potencia.",
    .energyUnknown: "No se recibió ningún contador de energía.",
    .reconstructed:
      "{count} valor no fue medido sino reconstruido por el remitente.|{count} valores no fueron medidos sino reconstruidos por el remitente.",
    .computedCharge:
      "El estado de carga se calculó a partir de la energía en {count} momento.|El estado de carga se calculó a partir de la energía en {count} momentos.",
    .incident: "Esto cuenta como incidente.",
    .recurring: "Es recurrente: este conector ya lo ha mostrado antes ({names}).",
    .notRecurring: "Este conector no ha mostrado la misma anomalía en sus sesiones recientes.",
    .score: "La puntuación es del {score} %, la confianza del {confidence} %.",
    .and: "y",
    .nothingOfCharge: "No hay nada anómalo en el estado de carga.",
    .nothingOfEnergy: "No hay nada anómalo en la energía.",
    .nothingOfPower: "No hay nada anómalo en la potencia.",
    .nothingOfTime: "No se ha encontrado ningún hueco ni salto del reloj.",
    .sayFall: "El contador de energía bajó {fallKwh} kWh, de {fromKwh} kWh a {toKwh} kWh, entre {start} y {end}.",
    .sayPit:
      "Entre {start} y {end} el contador de energía contó {deliveredKwh} kWh, aunque la potencia debió producir {expectedKwh} kWh.",
    .sayPitUntold:
      "Entre {start} y {end} no se recibió energía durante {minutes} min, aunque fluía potencia (unos {expectedKwh} kWh).",
    .sayMismatch: "Entre {start} y {end} se contaron {deliveredKwh} kWh, mientras que la potencia medida da {expectedKwh} kWh.",
    .sayCharge: "El estado de carga bajó {socFall} puntos, del {socFrom} % al {socTo} %, entre {start} y {end}.",
    .sayChargeEnergy:
      "El estado de carga bajó {socFall} puntos, del {socFrom} % al {socTo} %, entre {start} y {end}, mientras se entregaban {deliveredKwh} kWh.",
    .sayGap: "No llegó ningún valor durante {minutes} min, del {start} al {end}; normalmente llega uno cada {usualMinutes} min.",
    .saySpike: "La potencia alcanzó {powerKw} kW entre {start} y {end}, donde lo habitual eran {usualKw} kW.",
    .saySpikeLimit: "La potencia alcanzó {powerKw} kW entre {start} y {end}, por encima del límite de {limitKw} kW.",
    .sayStuckPower:
      "La potencia se quedó exactamente en {powerKw} kW durante {minutes} min ({values} valores), del {start} al {end}.",
    .sayStuckCharge:
      "El estado de carga se quedó en el {socFrom} % durante {minutes} min, del {start} al {end}, aunque la energía debería haberlo llevado al {socExpected} %.",
    .sayClockForward:
      "El reloj saltó unos {jumpMinutes} min hacia delante entre {start} y {end}: la energía contada corresponde a un tiempo mucho más corto.",
    .sayClockBack:
      "El reloj saltó unos {jumpMinutes} min hacia atrás entre {start} y {end}: las lecturas de antes y de después se superponen.",
    .adviceKwhDecrease: "Revise el contador y no facture esta sesión antes de hacerlo.",
    .adviceEnergyPit: "Revise el contador y su conexión: puede faltar energía en la factura.",
    .advicePowerEnergyMismatch: "Revise las unidades y la calibración del contador.",
    .adviceSocDrop: "Revise lo que transmite el coche: el valor puede estar mal leído, o el coche ha cambiado.",
    .adviceDataGap: "Revise la conexión de la estación en ese momento.",
    .advicePowerSpike: "Revise la medición de potencia; si es correcta, el conector estuvo sobrecargado.",
    .adviceStuckValue: "Revise si el contador o su pasarela repite un valor antiguo.",
    .adviceClockJump: "Revise el reloj de la estación y su sincronización.",
    .adviceNone: "No hay que hacer nada.",
    .nameKwhDecrease: "contador de energía que baja", .nameEnergyPit: "hueco de energía",
    .namePowerEnergyMismatch: "potencia y energía que no concuerdan",
    .nameSocDrop: "estado de carga que baja", .nameDataGap: "hueco de datos", .namePowerSpike: "pico de potencia",
    .nameStuckValue: "valor bloqueado",
    .nameClockJump: "salto del reloj",
  ]
}
