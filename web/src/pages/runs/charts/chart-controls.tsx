import { Choice } from '../../../components/choice.tsx'
import classes from './charts.module.css'
import type { ChartSettings } from './use-chart-settings.ts'

/** Axis, smoothing and scale of all charts of the page. */
export const ChartControls = ({ settings }: { settings: ChartSettings }) => (
  <>
    <Choice
      label="Horizontal axis"
      value={settings.by}
      onChange={settings.setBy}
      options={[
        { value: 'step', text: 'step' },
        { value: 'time', text: 'time', title: "Since each run's first point" },
        { value: 'wall', text: 'wall clock', title: 'When it was logged, in UTC' },
      ]}
    />
    <label className={classes.smooth} title="Exponential moving average, corrected for its beginning; 0 is as logged">
      Smoothing
      <input
        type="range"
        min={0}
        max={0.99}
        step={0.01}
        value={settings.smoothing}
        onChange={(event) => settings.setSmoothing(Number(event.target.value))}
      />
      <output className="number">{settings.smoothing.toFixed(2)}</output>
    </label>
    <Choice
      label="Vertical axis"
      value={settings.scale}
      onChange={settings.setScale}
      options={[
        { value: 'linear', text: 'linear' },
        { value: 'log', text: 'log' },
        {
          value: 'usual',
          text: 'no outliers',
          title: 'The lowest and the highest hundredth of the values may lie outside',
        },
      ]}
    />
  </>
)
