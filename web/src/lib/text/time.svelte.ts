import { locale, t } from '../i18n/i18n.svelte';

/** One clock for every "2m" on the page. */
let now = $state(Date.now());
setInterval(() => (now = Date.now()), 30_000);

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const unit = (value: number, name: string, display: 'narrow' | 'long' = 'narrow') =>
	new Intl.NumberFormat(locale, { style: 'unit', unit: name, unitDisplay: display }).format(value);

/** "2m", "5h", "3d", then the date. */
export function ago(iso: string): string {
	const then = Date.parse(iso);
	const age = Math.max(0, now - then);
	if (age < MINUTE) return unit(Math.floor(age / 1000), 'second');
	if (age < HOUR) return unit(Math.floor(age / MINUTE), 'minute');
	if (age < DAY) return unit(Math.floor(age / HOUR), 'hour');
	if (age < 7 * DAY) return unit(Math.floor(age / DAY), 'day');
	const sameYear = new Date(then).getFullYear() === new Date(now).getFullYear();
	return new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: sameYear ? undefined : 'numeric' }).format(then);
}

const long = (time: number): string =>
	time >= DAY ? unit(Math.round(time / DAY), 'day', 'long')
	: time >= HOUR ? unit(Math.round(time / HOUR), 'hour', 'long')
	: unit(Math.max(1, Math.round(time / MINUTE)), 'minute', 'long');

/** "14 hours left". */
export const left = (iso: string): string => t('poll.left', { time: long(Math.max(0, Date.parse(iso) - now)) });

/** "14 hours". */
export const lasting = (seconds: number): string => long(seconds * 1000);

export const moment = (iso: string): string =>
	new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(Date.parse(iso));

export const day = (iso: string): string => new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }).format(Date.parse(iso));

export const month = (iso: string): string =>
	new Intl.DateTimeFormat(locale, { month: 'short', year: 'numeric' }).format(Date.parse(iso));
