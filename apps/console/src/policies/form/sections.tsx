import {
  DEFAULT_FAILOVER,
  DISCONNECTS,
  FAILURE_KINDS,
  OBJECTIVES,
  PERCENTILES,
  PRECISIONS,
  PRICE_PARTS,
} from '@turnpike/domain/lists'
import { useText } from '../../i18n/text.ts'
import { CheckEntry, Columns, Group, PickEntry, TextEntry, TicksEntry } from '../../draft/fields.tsx'
import { NamesEntry, type Options } from '../../draft/NamesEntry.tsx'
import { RegionsEntry } from '../../draft/RegionsEntry.tsx'
import { Section } from './Section.tsx'
import { PARAMETERS } from './vocabulary.ts'
import type { Path } from '../../draft/draft.ts'

/** Who may serve at all. */
export function ProvidersSection({ providers }: { providers: Options }) {
  const { say } = useText()
  return (
    <Section
      name="providers"
      text={say('policies.providersText')}
      entries={{
        only: <NamesEntry path={['only']} label={say('policies.field_only')} options={providers} />,
        ignore: <NamesEntry path={['ignore']} label={say('policies.field_ignore')} options={providers} />,
      }}
    />
  )
}

export function PricesSection() {
  const { say } = useText()
  return (
    <Section
      name="prices"
      text={say('policies.pricesText')}
      entries={{ max_price: <PriceEntries path={['max_price']} /> }}
    />
  )
}

/** The highest prices, in dollars as they are typed: a float would round them. */
export function PriceEntries({ path }: { path: Path }) {
  const { say } = useText()
  return (
    <Columns>
      {PRICE_PARTS.map((price) => (
        <TextEntry key={price} kind="dollars" path={[...path, price]} label={say(`policies.field_${price}`)} />
      ))}
    </Columns>
  )
}

export function DataSection() {
  const { say } = useText()
  return (
    <Section
      name="data"
      text={say('policies.dataText')}
      entries={{
        data_collection: (
          <CheckEntry
            path={['data_collection']}
            on="deny"
            label={say('policies.data_collectionCheck')}
            hint={say('policies.data_collectionHint')}
          />
        ),
        zdr: <CheckEntry path={['zdr']} label={say('policies.field_zdr')} hint={say('policies.zdrHint')} />,
        regions: <RegionsEntry label={say('policies.field_regions')} hint={say('policies.regionsHint')} />,
        enforce_distillable_text: (
          <CheckEntry
            path={['enforce_distillable_text']}
            label={say('policies.field_enforce_distillable_text')}
            hint={say('policies.distillableHint')}
          />
        ),
      }}
    />
  )
}

export function CapabilitiesSection() {
  const { say } = useText()
  return (
    <Section
      name="abilities"
      text={say('policies.abilitiesText')}
      entries={{
        quantizations: (
          <TicksEntry
            path={['quantizations']}
            legend={say('policies.quantizationsLegend')}
            hint={say('policies.quantizationsHint')}
            options={PRECISIONS.map((name) => [name, name])}
          />
        ),
        required_parameters: (
          <NamesEntry
            path={['required_parameters']}
            label={say('policies.field_required_parameters')}
            hint={say('policies.parametersHint')}
            options={PARAMETERS.map((name) => [name, name])}
          />
        ),
        require_parameters: (
          <CheckEntry
            path={['require_parameters']}
            label={say('policies.require_parametersCheck')}
            hint={say('policies.require_parametersHint')}
          />
        ),
      }}
    />
  )
}

export function PerformanceSection() {
  const { say } = useText()
  const cutoffs = (field: string) => (
    <Columns>
      {PERCENTILES.map((name) => (
        <TextEntry key={name} kind="number" path={[field, name]} label={say(`policies.percentile_${name}`)} />
      ))}
    </Columns>
  )
  return (
    <Section
      name="speed"
      text={say('policies.speedText')}
      entries={{
        preferred_max_latency: <Group legend={say('policies.latencyLegend')}>{cutoffs('preferred_max_latency')}</Group>,
        preferred_min_throughput: (
          <Group legend={say('policies.field_preferred_min_throughput')}>{cutoffs('preferred_min_throughput')}</Group>
        ),
      }}
    />
  )
}

export function FailoverSection() {
  const { say } = useText()
  return (
    <Section
      name="failover"
      entries={{
        allow_fallbacks: (
          <CheckEntry
            path={['allow_fallbacks']}
            off={false}
            label={say('policies.allow_fallbacksCheck')}
            hint={say('policies.allow_fallbacksHint')}
          />
        ),
        failover: (
          <>
            <FailureTicks path={['failover', 'on']} legend={say('policies.failoverLegend')} />
            <TextEntry
              kind="number"
              path={['failover', 'attempts']}
              label={say('policies.field_attempts')}
              hint={say('policies.attemptsHint')}
            />
            <TextEntry
              kind="number"
              path={['failover', 'first_token_ms']}
              label={say('policies.field_first_token_ms')}
              hint={say('policies.first_token_msHint')}
            />
            <TextEntry
              kind="number"
              path={['failover', 'total_ms']}
              label={say('policies.field_total_ms')}
              hint={say('policies.total_msHint')}
            />
          </>
        ),
      }}
    />
  )
}

function FailureTicks({ path, legend }: { path: Path; legend: string }) {
  const { say } = useText()
  return (
    <TicksEntry
      mayBeEmpty
      path={path}
      legend={legend}
      options={FAILURE_KINDS.map((name) => [name, say(`policies.failure_${name}`)])}
      byDefault={DEFAULT_FAILOVER.on}
    />
  )
}

/** Fallback models. Failures and strategy are shown only once there is such a model. */
export function FallbackSection({ models, hasModels }: { models: Options; hasModels: boolean }) {
  const { say } = useText()
  return (
    <Section
      name="fallback"
      text={say('policies.fallbackText')}
      entries={{
        model_fallback: (
          <>
            <NamesEntry
              ordered
              path={['model_fallback', 'models']}
              label={say('policies.field_models')}
              options={models}
            />
            {hasModels && (
              <>
                <FailureTicks path={['model_fallback', 'on']} legend={say('policies.fallbackLegend')} />
                <PickEntry
                  path={['model_fallback', 'objective']}
                  label={say('policies.fallbackObjective')}
                  options={[
                    ['', say('policies.fallbackObjectiveSame')],
                    ...OBJECTIVES.map((name) => [name, say(`request.objective_${name}`)] as const),
                  ]}
                />
              </>
            )}
          </>
        ),
      }}
    />
  )
}

export function AffinitySection() {
  const { say } = useText()
  return (
    <Section
      name="reach"
      entries={{
        sticky: (
          <CheckEntry
            path={['sticky']}
            off={false}
            label={say('policies.field_sticky')}
            hint={say('policies.stickyHint')}
          />
        ),
        disconnect: (
          <PickEntry
            path={['disconnect']}
            label={say('policies.field_disconnect')}
            hint={say('policies.disconnectHint')}
            options={[
              ['', say('policies.inherit')],
              ...DISCONNECTS.map((name) => [name, say(`policies.disconnect_${name}`)] as const),
            ]}
          />
        ),
        locked: <CheckEntry path={['locked']} label={say('policies.field_locked')} hint={say('policies.lockedHint')} />,
      }}
    />
  )
}
