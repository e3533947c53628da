import { Box } from '@mui/material'

/** A barrier, closed while waiting. Decoration; the text next to it says the same. */
export function GateArm({ open, width = 180 }: { open: boolean; width?: number }) {
  return (
    <Box
      component="svg"
      viewBox="0 -26 180 110"
      aria-hidden="true"
      focusable="false"
      sx={{ width, height: 'auto', display: 'block', maxWidth: '100%', overflow: 'visible' }}
    >
      <Box
        component="path"
        d="M4 78h172"
        sx={{ stroke: (theme) => theme.palette.divider, strokeWidth: 3, strokeLinecap: 'round' }}
      />
      <Box
        component="path"
        d="M52 78h16M88 78h16M124 78h16"
        sx={{ stroke: (theme) => theme.palette.gate.amber, strokeWidth: 3, strokeLinecap: 'round' }}
      />
      <Box
        component="g"
        sx={{
          transformOrigin: '25px 42px',
          transform: open ? 'rotate(-25deg)' : 'rotate(0deg)',
          transition: 'transform 700ms cubic-bezier(.3,1.3,.5,1)',
        }}
      >
        <rect x="20" y="36" width="150" height="12" rx="3" fill="#fff6e0" stroke="#b8860b" strokeWidth="1" />
        <path d="M44 47.5h16l10-11H54zM84 47.5h16l10-11H94zM124 47.5h16l10-11h-16z" fill="#f5b021" />
      </Box>
      <Box
        component="rect"
        x="14"
        y="30"
        width="22"
        height="48"
        rx="4"
        sx={{ fill: (theme) => (theme.palette.mode === 'dark' ? '#4a5663' : '#22303f') }}
      />
      <circle cx="25" cy="42" r="4" fill="#f5b021" />
    </Box>
  )
}
