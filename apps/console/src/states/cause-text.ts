import type { RequestRow } from '@turnpike/contract'
import type { Say } from '../i18n/text.ts'
import { faultTextKey } from './fault-text.ts'

type Diagnosis = NonNullable<RequestRow['diagnosis']>

/** Why a request did not succeed: by its diagnosis, else by its fault. */
export function causeText({ diagnosis, fault }: Pick<RequestRow, 'diagnosis' | 'fault'>, say: Say): string {
  return diagnosis ? diagnosisText(diagnosis, say) : say(faultTextKey(fault ?? 'internal'))
}

/** A diagnosis in the reader's language. Only two are about a name. */
export function diagnosisText({ code, about }: Diagnosis, say: Say): string {
  const isNamed = code === 'model_unknown' || code === 'parameter_invalid'
  return about !== null && isNamed ? say(`diagnosis.${code}_about`, { about }) : say(`diagnosis.${code}`)
}
