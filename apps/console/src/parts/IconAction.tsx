import type { SvgIconComponent } from '@mui/icons-material'
import { IconButton, type IconButtonProps, Tooltip } from '@mui/material'

interface IconActionProps extends Pick<IconButtonProps, 'color' | 'size'> {
  readonly label: string
  readonly icon: SvgIconComponent
  readonly isOff?: boolean
  readonly onClick: () => void
}

/** A button with a picture. One that leads nowhere stays reachable, so that the focus is not lost on the way up a list. */
export function IconAction({ label, icon: Icon, isOff = false, onClick, ...button }: IconActionProps) {
  return (
    <Tooltip title={label}>
      <IconButton
        {...button}
        aria-label={label}
        aria-disabled={isOff}
        onClick={isOff ? undefined : onClick}
        sx={isOff ? { opacity: 0.4, cursor: 'default' } : {}}
      >
        <Icon fontSize="small" />
      </IconButton>
    </Tooltip>
  )
}
