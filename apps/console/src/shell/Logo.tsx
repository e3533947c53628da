import { Box } from '@mui/material'

/** The mark: a barrier across a road. It is decoration next to the name and hidden from screen readers. */
function Mark({ size = 30 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <g transform="rotate(-24 7 20)">
        <rect x="7" y="18" width="22" height="4.4" rx="1" fill="#fff6e0" />
        <path d="M11 22.4h4l2.2-4.4h-4zM18.4 22.4h4l2.2-4.4h-4z" fill="#f5b021" />
      </g>
      <rect x="4.5" y="14" width="5.5" height="14" rx="1.4" fill="#f5b021" />
      <path d="M13.5 27h4M20.5 27h4" stroke="#a4afbb" strokeWidth="2" strokeLinecap="round" />
    </svg>
  )
}

/** Mark and name, for dark ground. */
export function Logo() {
  return (
    <Box sx={{ display: 'flex', alignItems: 'center', gap: 1.25, color: 'gate.roadText' }}>
      <Mark />
      <Box component="span" sx={{ fontSize: '1.1875rem', fontWeight: 700, letterSpacing: '-0.02em' }}>
        Turnpike
      </Box>
    </Box>
  )
}
