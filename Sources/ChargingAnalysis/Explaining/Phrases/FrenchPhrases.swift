// Explanations in French.

enum FrenchPhrases {
  static let all: [Phrase: String] = [
    .found:
      "{count} anomalie a été trouvée dans cette session, avec un score de {score} % et une confiance de {confidence} %.|{count} anomalies ont été trouvées dans cette session, avec un score de {score} % et une confiance de {confidence} %.",
    .none: "Aucune anomalie n'a été trouvée dans cette session ; le score est de {score} %, la confiance de {confidence} %.",
    .session: "La session a duré du {start} au {end} ({duration} min) et a fourni {energy} kWh.",
    .sessionWithoutEnergy: "La session a duré du {start} au {end} ({duration} min) ; aucun compteur d'énergie n'a été transmis.",
    .peak: "La puissance la plus élevée était de {peak} kW.",
    .charge: "L'état de charge est passé de {from} % à {to} %.",
    .battery: "L'énergie et l'état de charge indiquent ensemble une batterie d'environ {battery} kWh.",
    .chargeUnknown: "Aucun état de charge n'a été transmis.",
    .powerUnknown: "Aucune puissance n'a été transmise.",
    .energyUnknown: "Aucun compteur d'énergie n'a été transmis.",
    .reconstructed:
      "{count} valeur n'a pas été mesurée mais reconstituée par l'expéditeur.|{count} valeurs n'ont pas été mesurées mais reconstituées par l'expéditeur.",
    .computedCharge:
      "L'état de charge a été calculé à partir de l'énergie pour {count} instant.|L'état de charge a été calculé à partir de l'énergie pour {count} instants.",
    .incident: "Cela compte comme un incident.",
    .recurring: "C'est récurrent : ce connecteur l'a déjà montré ({names}).",
    .notRecurring: "Ce connecteur n'a pas montré la même anomalie dans ses sessions récentes.",
    .score: "Le score est de {score} %, la confiance de {confidence} %.",
    .and: "et",
    .nothingOfCharge: "Rien d'anormal dans l'état de charge.",
    .nothingOfEnergy: "Rien d'anormal dans l'énergie.",
    .nothingOfPower: "Rien d'anormal dans la puissance.",
    .nothingOfTime: "Ni lacune ni saut d'horloge n'a été trouvé.",
    .sayFall: "Le compteur d'énergie a baissé de {fallKwh} kWh, de {fromKwh} kWh à {toKwh} kWh, entre {start} et {end}.",
    .sayPit:
      "Entre {start} et {end}, le compteur d'énergie a compté {deliveredKwh} kWh alors que la puissance a dû produire {expectedKwh} kWh.",
    .sayPitUntold:
      "Entre {start} et {end}, aucune énergie n'a été transmise pendant {minutes} min alors que la puissance circulait (environ {expectedKwh} kWh).",
    .sayMismatch:
      "Entre {start} et {end}, {deliveredKwh} kWh ont été comptés alors que la puissance mesurée donne {expectedKwh} kWh.",
    .sayCharge: "L'état de charge a baissé de {socFall} points, de {socFrom} % à {socTo} %, entre {start} et {end}.",
    .sayChargeEnergy:
      "L'état de charge a baissé de {socFall} points, de {socFrom} % à {socTo} %, entre {start} et {end}, alors que {deliveredKwh} kWh étaient fournis.",
    .sayGap:
      "Aucune valeur n'est arrivée pendant {minutes} min, du {start} au {end} ; d'habitude il en vient une toutes les {usualMinutes} min.",
    .saySpike: "La puissance a atteint {powerKw} kW entre {start} et {end}, là où {usualKw} kW étaient habituels.",
    .saySpikeLimit: "La puissance a atteint {powerKw} kW entre {start} et {end}, au-dessus de la limite de {limitKw} kW.",
    .sayStuckPower:
      "La puissance est restée exactement à {powerKw} kW pendant {minutes} min ({values} valeurs), du {start} au {end}.",
    .sayStuckCharge:
      "L'état de charge est resté à {socFrom} % pendant {minutes} min, du {start} au {end}, alors que l'énergie aurait dû le porter à {socExpected} %.",
    .sayClockForward:
      "L'horloge a avancé d'environ {jumpMinutes} min d'un coup entre {start} et {end} : l'énergie comptée correspond à un temps bien plus court.",
    .sayClockBack:
      "L'horloge a reculé d'environ {jumpMinutes} min entre {start} et {end} : des mesures d'avant et d'après se superposent.",
    .adviceKwhDecrease: "Vérifiez le compteur et ne facturez pas cette session avant.",
    .adviceEnergyPit: "Vérifiez le compteur et sa liaison : de l'énergie peut manquer sur la facture.",
    .advicePowerEnergyMismatch: "Vérifiez les unités et l'étalonnage du compteur.",
    .adviceSocDrop: "Vérifiez ce que la voiture transmet : la valeur peut être mal lue, ou la voiture a changé.",
    .adviceDataGap: "Vérifiez la connexion de la station à ce moment.",
    .advicePowerSpike: "Vérifiez la mesure de puissance ; si elle est juste, le connecteur a été surchargé.",
    .adviceStuckValue: "Vérifiez si le compteur ou sa passerelle répète une ancienne valeur.",
    .adviceClockJump: "Vérifiez l'horloge de la station et sa synchronisation.",
    .adviceNone: "Il n'y a rien à faire.",
    .nameKwhDecrease: "compteur d'énergie qui baisse", .nameEnergyPit: "creux d'énergie",
    .namePowerEnergyMismatch: "puissance et énergie en désaccord",
    .nameSocDrop: "état de charge qui baisse", .nameDataGap: "lacune de données", .namePowerSpike: "pic de puissance",
    .nameStuckValue: "valeur bloquée", .nameClockJump: "saut d'horloge",
  ]
}
