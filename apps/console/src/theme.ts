import { createTheme, type Theme } from '@mui/material/styles'

/** Colours that only this product has, and the hues of chart series. */
type GateColours = typeof light.gate

declare module '@mui/material/styles' {
  interface Palette {
    gate: GateColours
  }
  interface PaletteOptions {
    gate: GateColours
  }
}

export type Mode = 'light' | 'dark'

const SANS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif'
const MONO = 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace'

const road = {
  amber: '#f5b021',
  road: '#161b21',
  roadRaised: '#232a32',
  roadText: '#f1eee6',
  roadMuted: '#a4afbb',
}

/** Hues of series stay apart for colour blindness and differ in lightness from their neighbours. */
const light = {
  text: { primary: '#1b2026', secondary: '#57616c', disabled: '#69727c' },
  background: { default: '#f7f5f0', paper: '#ffffff' },
  divider: '#e2ddd2',
  primary: { main: '#22303f', contrastText: '#ffffff' },
  secondary: { main: '#8a5a00', contrastText: '#ffffff' },
  success: { main: '#1a6f45', contrastText: '#ffffff' },
  warning: { main: '#8a5a00', contrastText: '#ffffff' },
  error: { main: '#b0271c', contrastText: '#ffffff' },
  info: { main: '#1d5c8f', contrastText: '#ffffff' },
  gate: {
    ...road,
    wash: '#fbf3df',
    line: '#e2ddd2',
    series: ['#1f4e79', '#e39a12', '#3f8f6b', '#b5533c', '#6b5ca5', '#7fb3d5', '#8c8474'],
  },
}

const dark = {
  text: { primary: '#ece9e1', secondary: '#a9b2bc', disabled: '#8d97a2' },
  background: { default: '#0f1317', paper: '#181d23' },
  divider: '#2c343d',
  primary: { main: '#f5b942', contrastText: '#1a1406' },
  secondary: { main: '#f5b942', contrastText: '#1a1406' },
  success: { main: '#62cf98', contrastText: '#06180e' },
  warning: { main: '#f5b942', contrastText: '#1a1406' },
  error: { main: '#ff8f82', contrastText: '#2a0703' },
  info: { main: '#7cc0f0', contrastText: '#04141f' },
  gate: {
    ...road,
    road: '#0b0e12',
    roadRaised: '#1c232b',
    wash: '#262012',
    line: '#2c343d',
    series: ['#6fa8dc', '#f0b541', '#63c29a', '#e5836a', '#a99be0', '#b9d9ee', '#a39c8d'],
  },
}

/** The look of the console. Light and dark share every measure and differ in colour alone. */
export function themeOf(mode: Mode): Theme {
  const palette = mode === 'dark' ? dark : light
  return createTheme({
    palette: { mode, ...palette },
    shape: { borderRadius: 8 },
    typography: typography(palette.text.secondary),
    components: components(palette),
  })
}

function typography(muted: string) {
  const heading = { fontWeight: 650, letterSpacing: '-0.018em', lineHeight: 1.2 }
  return {
    fontFamily: SANS,
    h1: { ...heading, fontSize: '1.75rem' },
    h2: { ...heading, fontSize: '1.1875rem' },
    h3: { ...heading, fontSize: '1rem', letterSpacing: '-0.008em' },
    body1: { fontSize: '0.9375rem', lineHeight: 1.55 },
    body2: { fontSize: '0.875rem', lineHeight: 1.5 },
    caption: { fontSize: '0.8125rem', lineHeight: 1.45, color: muted },
    button: { textTransform: 'none' as const, fontWeight: 600, letterSpacing: 0 },
  }
}

function components({ divider, text, gate, primary }: typeof light) {
  return {
    MuiCssBaseline: {
      styleOverrides: {
        body: {
          fontVariantNumeric: 'tabular-nums',
          textRendering: 'optimizeLegibility',
          overflowWrap: 'break-word' as const,
        },
        'code, pre, kbd': { fontFamily: MONO, fontSize: '0.92em' },
        ':focus-visible': { outline: `2px solid ${primary.main}`, outlineOffset: 2 },
        '@media (prefers-reduced-motion: reduce)': {
          '*, *::before, *::after': { animationDuration: '0.01ms !important', transitionDuration: '0.01ms !important' },
        },
      },
    },
    // Sentences hold names of any length; nothing of them is cut, and none widens the page.
    MuiTypography: { styleOverrides: { root: { overflowWrap: 'anywhere' as const } } },
    MuiAlert: { styleOverrides: { message: { overflowWrap: 'anywhere' as const } } },
    MuiFormHelperText: { styleOverrides: { root: { overflowWrap: 'anywhere' as const } } },
    MuiNativeSelect: { styleOverrides: { select: { textOverflow: 'ellipsis' } } },
    MuiPaper: { defaultProps: { elevation: 0 }, styleOverrides: { root: { backgroundImage: 'none' } } },
    MuiCard: { styleOverrides: { root: { border: `1px solid ${divider}`, borderRadius: 12 } } },
    MuiButtonBase: { defaultProps: { disableRipple: true } },
    MuiButton: {
      defaultProps: { disableElevation: true },
      styleOverrides: { root: { borderRadius: 8, paddingInline: 16, minHeight: 38 } },
    },
    MuiDialog: {
      styleOverrides: {
        paper: { border: `1px solid ${divider}`, borderRadius: 14 },
        paperFullScreen: { border: 0, borderRadius: 0 },
      },
    },
    MuiTableCell: {
      styleOverrides: {
        root: { borderColor: divider, padding: '10px 12px', fontSize: '0.875rem' },
        head: { color: text.secondary, fontWeight: 600, fontSize: '0.8125rem', whiteSpace: 'nowrap' as const },
      },
    },
    MuiTooltip: {
      styleOverrides: { tooltip: { backgroundColor: gate.road, color: gate.roadText, fontSize: '0.8125rem' } },
    },
    MuiToggleButton: { styleOverrides: { root: { color: text.secondary, '&.Mui-selected': { color: text.primary } } } },
    MuiTab: { styleOverrides: { root: { minHeight: 42, padding: '8px 14px' } } },
    MuiTabs: { styleOverrides: { root: { minHeight: 42 }, indicator: { height: 3, backgroundColor: gate.amber } } },
    MuiOutlinedInput: { styleOverrides: { notchedOutline: { borderColor: text.disabled } } },
    MuiLink: {
      defaultProps: { underline: 'always' as const },
      styleOverrides: { root: { textUnderlineOffset: '0.2em' } },
    },
    MuiChip: { styleOverrides: { root: { borderRadius: 6, fontWeight: 600 } } },
    MuiSkeleton: { defaultProps: { animation: 'wave' as const } },
  }
}
