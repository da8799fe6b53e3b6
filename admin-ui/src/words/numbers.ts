import { region } from './times.ts';

/** 1,234,567 as the reader writes it. */
export const whole = (value: number) => new Intl.NumberFormat(region(), { maximumFractionDigits: 0 }).format(value);
/** 12.4K: for axes and other narrow places. */
export const brief = (value: number) =>
  new Intl.NumberFormat(region(), { notation: 'compact', maximumFractionDigits: 1 }).format(value);
/** A share as a signed percentage: +12 %. */
export const change = (share: number) =>
  new Intl.NumberFormat(region(), {
    style: 'percent',
    signDisplay: 'exceptZero',
    maximumFractionDigits: Math.abs(share) < 0.1 ? 1 : 0,
  }).format(share);
/** A signed difference: +619. */
export const difference = (by: number) =>
  new Intl.NumberFormat(region(), { signDisplay: 'exceptZero', maximumFractionDigits: 0 }).format(by);
/** A part of a whole: 42 %. What is there but small is not rounded to nothing. */
export const share = (part: number) =>
  new Intl.NumberFormat(region(), { style: 'percent', maximumFractionDigits: part > 0 && part < 0.1 ? 1 : 0 }).format(
    part,
  );
