import AddIcon from '@mui/icons-material/Add'
import { Box, Button, FormHelperText, Typography } from '@mui/material'
import { WEEKDAYS, WINDOWS_MAX } from '@turnpike/domain/lists'
import { ownTimeZone } from '../../i18n/locale.ts'
import { useText } from '../../i18n/text.ts'
import { at, moved, unlessEmpty } from '../../draft/draft.ts'
import { useEntry } from '../../draft/state.ts'
import { Columns, Group, PickEntry, TextEntry, TicksEntry } from '../../draft/fields.tsx'
import { NamesEntry, RowButtons, SharesEntry, type Options } from '../../draft/NamesEntry.tsx'
import { objectiveOptions, PriceEntries, useField } from './field.tsx'
import { stretchesOf } from './week.ts'

/** When something else applies. Windows can be moved, since the later one wins. */
export function ScheduleEntry({ providers }: { providers: Options }) {
  const { say } = useText()
  const { value, error, set } = useEntry(['schedule'])
  const windows: readonly unknown[] = Array.isArray(value) ? value : []
  const change = (after: readonly unknown[]) => set(unlessEmpty(after))
  const add = () => {
    change([...windows, { days: WEEKDAYS, from: '22:00', to: '06:00', zone: ownTimeZone(), objective: 'cost' }])
  }
  return (
    <>
      {windows.map((window, index) => (
        <Window
          // Windows have no id; the document identifies them by index.
          // oxlint-disable-next-line no-array-index-key
          key={index}
          index={index}
          window={window}
          providers={providers}
          onMove={(by) => change(moved(windows, index, by))}
          onRemove={() => change(windows.toSpliced(index, 1))}
        />
      ))}
      {error && windows.length === 0 && <FormHelperText error>{error}</FormHelperText>}
      <Button
        variant="outlined"
        color="inherit"
        startIcon={<AddIcon />}
        disabled={windows.length >= WINDOWS_MAX}
        onClick={add}
        sx={{ justifySelf: 'start' }}
      >
        {say('policies.windowAdd')}
      </Button>
    </>
  )
}

interface WindowProps {
  readonly index: number
  readonly window: unknown
  readonly providers: Options
  readonly onMove: (by: -1 | 1) => void
  readonly onRemove: () => void
}

function Window({ index, window, providers, onMove, onRemove }: WindowProps) {
  const { say } = useText()
  const fieldOf = useField()
  const field = (name: string) => fieldOf('schedule', index, name)
  const number = { number: index + 1 }
  const objective = at(window, ['objective'])
  const buttons = {
    up: say('policies.windowEarlier', number),
    down: say('policies.windowLater', number),
    remove: say('policies.windowRemove', number),
  }
  return (
    <Box
      role="group"
      aria-label={say('policies.window', number)}
      sx={{
        display: 'grid',
        gap: 2,
        border: '1px solid',
        borderColor: 'divider',
        borderRadius: 1,
        p: { xs: 1.5, sm: 2 },
      }}
    >
      <Box sx={{ display: 'flex', alignItems: 'center' }}>
        <Typography variant="h3" sx={{ flex: 1 }}>
          {say('policies.window', number)}
        </Typography>
        <RowButtons labels={buttons} onMove={onMove} onRemove={onRemove} />
      </Box>
      <TicksEntry mayBeEmpty {...field('days')} options={WEEKDAYS.map((day) => [day, say(`policies.day_${day}`)])} />
      <Columns>
        <TextEntry kind="time" {...field('from')} />
        <TextEntry kind="time" {...field('to')} />
        <TextEntry {...field('zone')} />
      </Columns>
      <WeekStrip window={window} label={say('policies.strip', number)} />
      <FormHelperText sx={{ mt: -1 }}>{say('policies.windowHint')}</FormHelperText>
      <PickEntry
        {...field('objective')}
        label={say('policies.windowObjective')}
        options={[['', say('policies.windowObjectiveSame')], ...objectiveOptions(say)]}
      />
      {objective === 'pinned' && (
        <NamesEntry ordered {...field('order')} label={say('policies.windowOrder')} options={providers} />
      )}
      {objective === 'weighted' && <SharesEntry {...field('shares')} options={providers} />}
      <Group legend={say('policies.windowPrices')}>
        <PriceEntries path={['schedule', index, 'max_price']} />
      </Group>
    </Box>
  )
}

const DAY_MINUTES = 1_440

/** The window over a week. Decoration: the fields above say the same in words. */
function WeekStrip({ window, label }: { window: unknown; label: string }) {
  const { say } = useText()
  const stretches = stretchesOf(window)
  const percent = (minutes: number) => `${(minutes / DAY_MINUTES) * 100}%`
  return (
    <Box role="img" aria-label={label} sx={{ display: 'grid', gap: '3px' }}>
      {WEEKDAYS.map((name, day) => (
        <Box
          key={name}
          sx={{ display: 'grid', gridTemplateColumns: '36px 1fr', alignItems: 'center', fontSize: '0.75rem' }}
        >
          <span aria-hidden="true">{say(`policies.day_${name}`)}</span>
          <Box
            sx={{
              position: 'relative',
              height: 10,
              borderRadius: '3px',
              backgroundColor: 'divider',
              overflow: 'hidden',
            }}
          >
            {stretches
              .filter((stretch) => stretch.day === day)
              .map(({ from, to }) => (
                <Box
                  key={from}
                  sx={{
                    position: 'absolute',
                    inset: 0,
                    left: percent(from),
                    right: `calc(100% - ${percent(to)})`,
                    backgroundColor: 'gate.amber',
                  }}
                />
              ))}
          </Box>
        </Box>
      ))}
    </Box>
  )
}
