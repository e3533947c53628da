import { describe, expect, it } from 'vitest'
import { de } from './de/de.ts'
import { en } from './en/en.ts'
import { flatten } from './messages.fixture.ts'

/** A word that the screens avoid, the field's word for the same thing, and a text that uses the wrong one. */
type Banned = readonly [word: RegExp, instead: string, offender: string]

const ENGLISH: readonly Banned[] = [
  [/\bgoals?\b/i, 'strategy', 'The goal was cost'],
  [/\bshares\b/i, 'weights, weighted', 'A draw by the shares that you wrote down'],
  [/\bpinned\b/i, 'fixed order', 'pinned'],
  [/\b(?:draw|drawn|tickets?)\b/i, 'weighted, selected', 'A draw in which cheap providers hold more tickets'],
  [/\b(?:wider|widely)\b/i, 'inherit', 'As the wider policy says'],
  [/\bbuilt[- ]in\b/i, 'default', 'As built in'],
  [/\bin force\b/i, 'applied to, current', 'In force for nothing yet'],
  [/\bhighest prices?\b/i, 'max price', 'Highest prices'],
  [/\bdata rules?\b/i, 'data policy', 'Data rules'],
  [/\babilit(?:y|ies)\b/i, 'required capabilities', 'Abilities'],
  [/\bworth\b/i, 'retry on, warnings', 'Worth another try'],
  [/\bslow to begin\b/i, 'hedged requests', 'When a provider is slow to begin'],
  [/\bother models\b/i, 'fallback models', 'Other models'],
  [/\b(?:hang(?:s|-ups?)?|hung) ?up\b|\bhang-ups?\b/i, 'disconnect', 'The caller hung up'],
  [/\bin all\b/i, 'total timeout', 'Wait in all'],
  [/\b(?:what if|try it out|what it would do)\b/i, 'simulate, preview', 'Try it out'],
  [/\bwhere to\b|\bto where\b/i, 'moved traffic', 'From where to where'],
  [/\b(?:bill|line by line)\b/i, 'cost breakdown', 'The bill, line by line'],
  [/\bdoubt/i, 'usage warning', 'doubtful usage'],
  [/\bgates?\b/i, 'received, rejected', 'refused at the gate'],
  [/\brefus/i, 'reject', 'The provider refused'],
  [/\b(?:roads?|barrier|door|fate)\b/i, 'the plain word', 'One gate, every road'],
  [/^first token$/i, 'TTFT', 'First token'],
  [/\bhalf of\b|\b90 %|\bslowest tenth\b/i, 'p50, p90, p99', 'First token, half of all'],
  [/^speed$|\bthe speed\b/i, 'throughput, latency', 'Speed'],
  [/^success$/i, 'uptime', 'Success'],
  [/\blongest answer\b/i, 'max output tokens', 'Longest answer'],
  [/\bleft out\b|\bruled out\b/i, 'excluded', 'Left out: 3 of 9'],
  [/\bcould have served\b/i, 'candidates', 'Who could have served it'],
  [/\b(?:nobody|whoever|somebody|anybody|who)\b/i, 'the actor by name', 'Why nobody?'],
  [/\bstood behind\b|\bmay be tried\b/i, 'beyond the attempt limit', 'It stood behind the last one that may be tried'],
  [/\b(?:broke|called) (?:off|back)\b|\bcall (?:the answer )?off\b/i, 'interrupted, cancelled', 'its answer broke off'],
  [/\b(?:before|after) credits:/i, 'use first, use as fallback', 'After credits: only then'],
  [/\bspeaks\b/i, 'API format', 'Speaks like'],
  [/\bname there\b/i, 'upstream model ID', 'Model name there'],
  [/\bof its own\b/i, 'inherited', 'None of its own'],
  [/\bstand-?ins?\b/i, 'simulated providers', 'Reaches stand-ins only'],
  [/\bprocesses in\b/i, 'region', 'processes in us'],
  [/^credit$|\bthe credit is\b|\byour credit\b/i, 'balance', 'Credit'],
  [/^state$/i, 'status', 'State'],
  [/\b(?:told|tells?|asked|asks|heard)\b/i, 'reported, requested, received', 'Another model is asked'],
  [/\bbeside\b/i, 'hedge, next to', 'beside attempt 1'],
  [/\bdialects?\b/i, 'API format', 'in the dialect of your SDK'],
]

const GERMAN: readonly Banned[] = [
  [/\bZiele?\b/, 'Strategie', 'Das Ziel war Kosten'],
  [/\bAnteilen?\b|\bAnteile\b/, 'Gewichte, gewichtet', 'Anteile'],
  [/\bZiehung\b|\bgezogen\b|\bLose\b/, 'gewichtet, ausgewählt', 'Eine Ziehung nach Anteilen'],
  [/\bweitere Richtlinie\b/, 'geerbt', 'Wie die weitere Richtlinie sagt'],
  [/\beingebaut/i, 'Standard', 'Wie eingebaut'],
  [/\bin Kraft\b/i, 'angewendet auf, aktuell', 'In Kraft für'],
  [/\bhöchste[rn]? (?:erlaubte[rn]? )?Preise?\b/i, 'Höchstpreis', 'Höchste Preise'],
  [/\bDatenregeln\b/, 'Datenrichtlinie', 'Datenregeln'],
  [/\bwert\b/, 'Retry bei, Warnungen', 'Einen Gedanken wert'],
  [/\bauf sich warten\b/, 'Hedged Requests', 'Wenn ein Anbieter auf sich warten lässt'],
  [/\bandere Modelle, die\b|^Andere Modelle$/i, 'Fallback-Modelle', 'Andere Modelle'],
  [/\bauf(?:ge)?leg/i, 'Verbindung trennen', 'Wenn der Aufrufer auflegt'],
  [/\binsgesamt\b/, 'Gesamt-Timeout', 'Warten insgesamt, ms'],
  [/\bausprobier|\bwas wäre wenn\b|\berproben\b|\btäte\b/i, 'simulieren, Vorschau', 'Was wäre wenn'],
  [/\bvon wo\b/i, 'verlagerter Traffic', 'Von wo nach wo'],
  [/\bRechnung\b|\bZeile für Zeile\b/, 'Kostenaufstellung', 'Die Rechnung, Zeile für Zeile'],
  [/\bTor\b|\bStraßen?\b|\bSchranke\b|\bSchicksal\b/, 'das sachliche Wort', 'Ein Tor, alle Straßen'],
  [/\babgewiesen\b|\babweis/i, 'abgelehnt', 'wurde am Tor abgewiesen'],
  [/\berstes Token\b/i, 'TTFT', 'Erstes Token'],
  [/\bHälfte\b|\b90 %|\bZehntel\b/, 'p50, p90, p99', 'Erstes Token, Hälfte aller'],
  [/\bTempo\b/, 'Durchsatz, Latenz', 'Tempo'],
  [/^Erfolg$/, 'Verfügbarkeit', 'Erfolg'],
  [/\blängste Antwort\b/i, 'max. Ausgabe-Tokens', 'Längste Antwort'],
  [/\baußen vor\b/i, 'ausgeschlossen', 'Außen vor: 3 von 9'],
  [/\bniemand(?:en)?\b|^wer\b/i, 'der Handelnde beim Namen', 'Warum niemand?'],
  [/\bversucht werden darf\b/, 'außerhalb der Versuchsgrenze', 'hinter dem letzten, der versucht werden darf'],
  [/\bzurückgerufen\b|\bzurückgezogen\b/, 'abgebrochen', 'zurückgerufen, ein anderer war schneller'],
  [/\b(?:vor|nach) dem Guthaben:/i, 'zuerst, als Fallback verwenden', 'Nach dem Guthaben: nur dann'],
  [/\bspricht\b|\bspreche/i, 'API-Format', 'Spricht wie'],
  [/\bModells? dort\b/, 'Upstream-Modell-ID', 'Name des Modells dort'],
  [/\bkeine eigene\b/i, 'geerbt', 'Keine eigene'],
  [/\bAttrappen?\b/, 'simulierte Anbieter', 'Erreicht nur Attrappen'],
  [/\bverarbeitet in\b/i, 'Region', 'verarbeitet in us'],
  [/^Zustand$|^Stand$/, 'Status', 'Zustand'],
  [/\b(?:ge)?fragt\b|\bgefragt\b/, 'angefordert, aufgerufen', 'Ein anderes Modell wird gefragt'],
  [/\bDialekts?\b/, 'API-Format', 'in dem Dialekt'],
  [/\bUnterhaltung(?:en)?\b/, 'Konversation', 'Unterhaltungen bleiben'],
  [/\bAusweich/i, 'Failover', 'Ausweichversuche'],
  [/\bVerkehrs?\b/, 'Traffic', 'kein Verkehr'],
  [/\bFolge\b/, 'Reihenfolge', 'feste Folge'],
  [/\bWeg\b/, 'Route', 'Warum dieser Weg?'],
  [/\bKennung\b/, 'ID', 'Kennung kopieren'],
  [/\bfreiwillig\b/, 'optional', 'Schlüssel (freiwillig)'],
]

/** A value that is filled in; its name is the code's. */
const PLACEHOLDER = /%\{\w+\}/g

/** Words of one sentence or clause at most. */
const SENTENCE_WORDS_MAX = 12

describe.each([
  ['English', en, ENGLISH],
  ['German', de, GERMAN],
])('the %s texts', (_language, messages, banned) => {
  const texts = flatten(messages)

  it('use the field’s words', () => {
    const offenders = texts.flatMap(([key, text]) =>
      banned
        .filter(([word]) => word.test(text.replaceAll(PLACEHOLDER, '…')))
        .map(([, instead]) => `${key}: “${text}”, instead: ${instead}`),
    )
    expect(offenders).toEqual([])
  })

  it('are searched for every word of the list', () => {
    for (const [word, , offender] of banned) expect(offender).toMatch(word)
  })

  it('say one thing in a sentence', () => {
    const long = texts.flatMap(([key, text]) =>
      sentencesOf(text).flatMap((sentence) =>
        wordsIn(sentence) > SENTENCE_WORDS_MAX ? [`${key}: “${sentence}” has ${wordsIn(sentence)} words`] : [],
      ),
    )
    expect(long).toEqual([])
  })
})

it('counts the words of a sentence, which ends at a mark or at another plural form', () => {
  const twelve = 'one two three four five six seven eight nine ten eleven %{twelve}'
  expect(sentencesOf(`${twelve}. Next · one |||| %{smart_count} many`).map(wordsIn)).toEqual([12, 2, 2])
  expect(wordsIn(`${twelve} thirteen`)).toBe(13)
})

function sentencesOf(text: string): string[] {
  return text.split(/(?<=[.?!:;…])\s+|\s*\|{4}\s*/)
}

function wordsIn(sentence: string): number {
  return sentence.split(/\s+/).filter((word) => /[\p{L}\p{N}%]/u.test(word)).length
}
