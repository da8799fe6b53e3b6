import type { EChartsCoreOption } from 'echarts/core';
import type { Grain } from '../graphql/graphql.ts';
import { brief, whole } from '../words/numbers.ts';
import type { colours } from './colours.ts';
import { isWeekend } from './days.ts';
import { axisName, stepName, type Step } from './series.ts';

type Drawn = {
  steps: readonly Step[];
  grain: Grain;
  /** Sums are bars, which begin at zero and add up; counts of different people are a line, since they do not. */
  adds: boolean;
  name: string;
  words: { before: string; running: string; partial: string };
  paint: ReturnType<typeof colours>;
  still: boolean;
  /** No room beside the chart: lines are not named in it. */
  narrow: boolean;
};

/** What ECharts draws. Texts in tooltips go onto the canvas: as HTML they would need inline styles, which our pages forbid. */
export function drawingOf({ steps, grain, adds, name, words, paint, still, narrow }: Drawn): EChartsCoreOption {
  const font = getComputedStyle(document.body).fontFamily;
  const compares = steps.some(({ before }) => before);
  const data = steps.map((step) => ({
    // What has not begun is a gap, not a zero.
    value: step.ahead ? null : step.value,
    ...(step.partial || step.running ? { itemStyle: { opacity: 0.55 } } : {}),
  }));
  const direct = (text: string, color: string) => ({
    endLabel: { show: !narrow, formatter: text, color, fontFamily: font, distance: 6 },
    labelLayout: { moveOverlap: 'shiftY' as const },
  });
  return {
    animation: !still,
    animationDuration: 160,
    textStyle: { fontFamily: font },
    grid: { left: 8, right: !narrow && (compares || !adds) ? 96 : 16, top: 16, bottom: 4, containLabel: true },
    xAxis: {
      type: 'category',
      data: steps.map(({ bucket }) => bucket),
      axisLabel: { color: paint.quiet, hideOverlap: true, formatter: (bucket: string) => axisName(bucket, grain) },
      axisLine: { lineStyle: { color: paint.earlier } },
      axisTick: { show: false },
      // Weekends lie in the shade, each as wide as its column.
      splitArea: {
        show: grain === 'day',
        interval: 0,
        areaStyle: { color: steps.map(({ bucket }) => (isWeekend(bucket) ? paint.shade : 'transparent')) },
      },
    },
    yAxis: {
      type: 'value',
      min: 0,
      minInterval: 1,
      axisLabel: { color: paint.quiet, formatter: (value: number) => brief(value) },
      splitLine: { lineStyle: { color: paint.line } },
    },
    tooltip: {
      trigger: 'axis',
      renderMode: 'richText',
      confine: true,
      backgroundColor: paint.float,
      borderColor: paint.line,
      textStyle: { color: paint.strong, fontFamily: font, fontSize: 13 },
      axisPointer: {
        type: adds ? 'shadow' : 'line',
        lineStyle: { color: paint.earlier },
        shadowStyle: { opacity: 0.12 },
      },
      formatter: (points: unknown) =>
        told(steps[(points as { dataIndex: number }[])[0]?.dataIndex ?? 0], grain, name, words),
    },
    series: [
      ...(compares
        ? [
            {
              id: 'before',
              type: 'line',
              data: steps.map(({ before }) => before),
              symbol: 'none',
              silent: true,
              lineStyle: { color: paint.earlier, width: 1.5, type: 'dashed' },
              itemStyle: { color: paint.earlier },
              z: 3,
              ...direct(words.before, paint.quiet),
            },
          ]
        : []),
      adds
        ? {
            id: 'now',
            type: 'bar',
            data,
            barMaxWidth: 36,
            barMinHeight: 0,
            itemStyle: { color: paint.accent, borderRadius: [3, 3, 0, 0] },
          }
        : {
            id: 'now',
            type: 'line',
            data,
            symbol: 'circle',
            symbolSize: 7,
            showAllSymbol: steps.length <= 62,
            lineStyle: { color: paint.accent, width: 2 },
            itemStyle: { color: paint.accent },
            z: 4,
            ...direct(name, paint.accent),
          },
    ],
  };
}

/** A step in words, for the tip and for those who hear the chart. */
export function told(step: Step | undefined, grain: Grain, name: string, words: Drawn['words']): string {
  if (!step) return '';
  return [
    stepName(step, grain),
    ...(step.ahead ? [] : [`${name}: ${whole(step.value)}`]),
    ...(step.before === null ? [] : [`${words.before}: ${whole(step.before)}`]),
    ...(step.running ? [words.running] : step.partial ? [words.partial] : []),
  ].join('\n');
}
