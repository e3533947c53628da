import { Link } from '@mui/material'
import { DEFAULT_FAILOVER, DISCONNECTS, FAILURE_KINDS, PERCENTILES, PRECISIONS } from '@turnpike/domain/lists'
import type { PolicyField } from '@turnpike/domain'
import type { ReactNode } from 'react'
import { Link as RouterLink } from 'react-router-dom'
import { at, isRecord, type Draft, type Path } from '../../draft/draft.ts'
import { CheckEntry, Columns, Group, PickEntry, TextEntry, TicksEntry } from '../../draft/fields.tsx'
import { NamesEntry, SharesEntry, type Options } from '../../draft/NamesEntry.tsx'
import { RegionsEntry } from '../../draft/RegionsEntry.tsx'
import { DraftContext, useDraft } from '../../draft/state.ts'
import { useText } from '../../i18n/text.ts'
import { objectiveOptions, PriceEntries, useField } from './field.tsx'
import { ObjectiveEntry } from './ObjectiveEntry.tsx'
import { ScheduleEntry } from './ScheduleEntry.tsx'
import { PARAMETERS } from './vocabulary.ts'

/** How each field is edited, in the order of the form; one without an entry does not compile. */
export function usePolicyEntries(providers: Options, models: Options): Readonly<Record<PolicyField, ReactNode>> {
  const { say } = useText()
  const field = useField()
  const objective = useDraft().draft['objective']
  const disconnects = DISCONNECTS.map((name) => [name, say(`policies.disconnect_${name}`)] as const)
  return {
    objective: <ObjectiveEntry />,
    order: objective === 'pinned' && <NamesEntry ordered {...field('order')} options={providers} />,
    shares: objective === 'weighted' && <SharesEntry {...field('shares')} options={providers} />,
    only: <NamesEntry {...field('only')} options={providers} />,
    ignore: <NamesEntry {...field('ignore')} options={providers} />,
    own_capacity: <OwnEntry />,
    max_price: <PriceEntries path={['max_price']} />,
    data_collection: <CheckEntry {...field('data_collection')} on="deny" />,
    zdr: <CheckEntry {...field('zdr')} />,
    regions: <RegionsEntry {...field('regions')} />,
    enforce_distillable_text: <CheckEntry {...field('enforce_distillable_text')} />,
    quantizations: <TicksEntry {...field('quantizations')} options={PRECISIONS.map((name) => [name, name])} />,
    required_parameters: (
      <NamesEntry {...field('required_parameters')} options={PARAMETERS.map((name) => [name, name])} />
    ),
    require_parameters: <CheckEntry {...field('require_parameters')} />,
    preferred_max_latency: <Cutoffs name="preferred_max_latency" />,
    preferred_min_throughput: <Cutoffs name="preferred_min_throughput" />,
    allow_fallbacks: <CheckEntry {...field('allow_fallbacks')} off={false} />,
    failover: <FailoverEntries />,
    hedge: <HedgeEntry />,
    model_fallback: <FallbackEntries models={models} />,
    schedule: <ScheduleEntry providers={providers} />,
    sticky: <CheckEntry {...field('sticky')} off={false} />,
    disconnect: <PickEntry {...field('disconnect')} options={[['', say('policies.inherit')], ...disconnects]} />,
    locked: <CheckEntry {...field('locked')} />,
  }
}

function OwnEntry() {
  const { say } = useText()
  const field = useField()
  return (
    <>
      <PickEntry
        {...field('own_capacity')}
        options={[
          ['', say('policies.inherit')],
          ['first', say('policies.own_firstText')],
          ['only', say('policies.own_onlyText')],
        ]}
      />
      <Link component={RouterLink} to="/provider-keys" target="_blank" variant="body2">
        {say('policies.ownLink')}
      </Link>
    </>
  )
}

function Cutoffs({ name }: { name: PolicyField }) {
  const field = useField()
  return (
    <Group legend={field(name).label}>
      <Columns>
        {PERCENTILES.map((percentile) => (
          <TextEntry key={percentile} kind="number" path={[name, percentile]} label={percentile} />
        ))}
      </Columns>
    </Group>
  )
}

function FailoverEntries() {
  const field = useField()
  return (
    <>
      <FailureTicks {...field('failover', 'on')} />
      <TextEntry kind="number" {...field('failover', 'attempts')} />
      <TextEntry kind="number" {...field('failover', 'first_token_ms')} />
      <TextEntry kind="number" {...field('failover', 'total_ms')} />
    </>
  )
}

function FailureTicks({ path, label }: { path: Path; label: string }) {
  const { say } = useText()
  const options = FAILURE_KINDS.map((name) => [name, say(`policies.failure_${name}`)] as const)
  return <TicksEntry mayBeEmpty path={path} label={label} options={options} byDefault={DEFAULT_FAILOVER.on} />
}

function HedgeEntry() {
  const field = useField()
  const { draft, onChange, errors } = useDraft()
  const hedge = draft['hedge']
  const wrong: unknown = at(errors, ['hedge'])
  // An emptied field leaves the rest; an object with nothing in it is a hedge by the usual rules.
  const change = (after: Draft) => onChange({ ...draft, hedge: after })
  return (
    <>
      <DraftContext value={{ draft, onChange, errors: isRecord(wrong) ? null : errors }}>
        <CheckEntry {...field('hedge')} on={{}} />
      </DraftContext>
      {isRecord(hedge) && (
        <DraftContext value={{ draft: hedge, onChange: change, errors: wrong }}>
          <TextEntry kind="number" {...field('after_ms')} />
          <Columns>
            <TextEntry kind="number" {...field('extra_requests_percent')} />
            <TextEntry kind="dollars" {...field('extra_spend_per_day')} />
          </Columns>
          <CheckEntry {...field('own_cost')} />
        </DraftContext>
      )}
    </>
  )
}

function FallbackEntries({ models }: { models: Options }) {
  const { say } = useText()
  const field = useField()
  const hasModels = at(useDraft().draft, ['model_fallback', 'models']) !== undefined
  return (
    <>
      <NamesEntry ordered {...field('model_fallback', 'models')} options={models} />
      {hasModels && (
        <>
          <FailureTicks path={['model_fallback', 'on']} label={say('policies.fallbackLegend')} />
          <PickEntry
            path={['model_fallback', 'objective']}
            label={say('policies.fallbackObjective')}
            options={[['', say('policies.fallbackObjectiveSame')], ...objectiveOptions(say)]}
          />
        </>
      )}
    </>
  )
}
