import RemoveIcon from '@mui/icons-material/Close'
import DownIcon from '@mui/icons-material/KeyboardArrowDown'
import UpIcon from '@mui/icons-material/KeyboardArrowUp'
import { Box, Button, FormHelperText, IconButton, TextField } from '@mui/material'
import { useState, type ReactNode } from 'react'
import { useText } from '../i18n/text.ts'
import { Select, type Options } from '../parts/Select.tsx'
import { at, listOf, moved, textOf, typed, unlessEmpty, type Draft, type Path } from './draft.ts'
import { useEntry } from './state.ts'

export type { Options }

interface NamesEntryProps {
  readonly path: Path
  readonly label: string
  readonly hint?: string
  readonly options: Options
  readonly ordered?: boolean
}

/** A list of names, chosen one by one. An empty list is dropped: it would allow nothing. */
export function NamesEntry({ path, label, hint, options, ordered = false }: NamesEntryProps) {
  const { value, error, set } = useEntry(path)
  const names = listOf(value)
  const change = (after: readonly string[]) => set(unlessEmpty(after))
  return (
    <Frame label={label} note={error ?? hint} isWrong={error !== null}>
      <Rows isOrdered={ordered}>
        {names.map((name, index) => (
          <Row
            key={name}
            name={nameOf(name, options)}
            {...(ordered && { onMove: (by) => change(moved(names, index, by)) })}
            onRemove={() => change(names.toSpliced(index, 1))}
          />
        ))}
      </Rows>
      <Adder label={label} options={options} taken={names} onAdd={(name) => change([...names, name])} />
    </Frame>
  )
}

/** Shares by name; any positive numbers. */
export function SharesEntry({ path, label, options }: { path: Path; label: string; options: Options }) {
  const { say } = useText()
  const { value, error, set } = useEntry(path)
  const shares: Draft = typeof value === 'object' && value !== null ? (value as Draft) : {}
  const names = Object.keys(shares)
  const change = (after: Draft) => set(Object.keys(after).length > 0 ? after : undefined)
  return (
    <Frame label={label} note={error ?? undefined} isWrong={error !== null}>
      <Rows isOrdered={false}>
        {names.map((name) => (
          <Row
            key={name}
            name={nameOf(name, options)}
            onRemove={() => change(Object.fromEntries(Object.entries(shares).filter(([other]) => other !== name)))}
          >
            <TextField
              size="small"
              value={textOf(at(shares, [name]))}
              onChange={(event) => change({ ...shares, [name]: typed(event.target.value) ?? '' })}
              slotProps={{
                htmlInput: {
                  inputMode: 'decimal',
                  'aria-label': say('policies.shareOf', { name: nameOf(name, options) }),
                },
              }}
              sx={{ width: 90 }}
            />
          </Row>
        ))}
      </Rows>
      <Adder label={label} options={options} taken={names} onAdd={(name) => change({ ...shares, [name]: 1 })} />
    </Frame>
  )
}

interface FrameProps {
  readonly label: string
  readonly note: string | undefined
  readonly isWrong: boolean
  readonly children: ReactNode
}

function Frame({ label, note, isWrong, children }: FrameProps) {
  return (
    <Box role="group" aria-label={label} sx={{ minWidth: 0 }}>
      <Box sx={{ mb: 0.75, fontSize: '0.875rem', fontWeight: 600 }}>{label}</Box>
      {children}
      {note && <FormHelperText error={isWrong}>{note}</FormHelperText>}
    </Box>
  )
}

function Rows({ isOrdered, children }: { isOrdered: boolean; children: readonly ReactNode[] }) {
  if (children.length === 0) return null
  return (
    <Box
      component={isOrdered ? 'ol' : 'ul'}
      sx={{ m: 0, mb: 1, pl: isOrdered ? 2.75 : 0, listStyle: isOrdered ? 'decimal' : 'none' }}
    >
      {children}
    </Box>
  )
}

interface RowProps extends Omit<RowButtonsProps, 'labels'> {
  readonly name: string
  readonly children?: ReactNode
}

function Row({ name, children, ...buttons }: RowProps) {
  const { say } = useText()
  const labels = {
    up: say('policies.up', { name }),
    down: say('policies.down', { name }),
    remove: say('policies.remove', { name }),
  }
  return (
    <Box component="li" sx={{ borderBottom: '1px solid', borderColor: 'divider' }}>
      <Box sx={{ display: 'flex', alignItems: 'center', gap: 0.5, py: 0.25, minHeight: 44 }}>
        <Box sx={{ flex: 1, minWidth: 0, overflowWrap: 'anywhere' }}>{name}</Box>
        {children}
        <RowButtons labels={labels} {...buttons} />
      </Box>
    </Box>
  )
}

interface RowButtonsProps {
  readonly labels: Readonly<Record<'up' | 'down' | 'remove', string>>
  readonly onMove?: (by: -1 | 1) => void
  readonly onRemove: () => void
}

/** Moves one of a list up or down, where its place matters, and removes it. */
export function RowButtons({ labels, onMove, onRemove }: RowButtonsProps) {
  return (
    <>
      {onMove && (
        <>
          <IconButton aria-label={labels.up} onClick={() => onMove(-1)}>
            <UpIcon fontSize="small" />
          </IconButton>
          <IconButton aria-label={labels.down} onClick={() => onMove(1)}>
            <DownIcon fontSize="small" />
          </IconButton>
        </>
      )}
      <IconButton aria-label={labels.remove} onClick={onRemove}>
        <RemoveIcon fontSize="small" />
      </IconButton>
    </>
  )
}

interface AdderProps {
  readonly label: string
  readonly options: Options
  readonly taken: readonly string[]
  readonly onAdd: (name: string) => void
}

/** A button adds what is chosen: walking through the list with a keyboard must add nothing. */
function Adder({ label, options, taken, onAdd }: AdderProps) {
  const { say } = useText()
  const [chosen, setChosen] = useState('')
  const add = () => {
    onAdd(chosen)
    setChosen('')
  }
  return (
    <Box sx={{ display: 'flex', gap: 1 }}>
      <Select
        value={chosen}
        options={[['', say('policies.choose')], ...options.filter(([name]) => !taken.includes(name))]}
        onChange={setChosen}
        slotProps={{ htmlInput: { 'aria-label': say('policies.addTo', { field: label }) } }}
        sx={{ flex: '0 1 260px', minWidth: 0 }}
      />
      <Button variant="outlined" color="inherit" disabled={chosen === ''} onClick={add}>
        {say('policies.add')}
      </Button>
    </Box>
  )
}

function nameOf(value: string, options: Options): string {
  return options.find(([option]) => option === value)?.[1] ?? value
}
