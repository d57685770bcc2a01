import { describe, expect, it } from 'vitest';
import type { Instance, Poll } from '../api/entities';
import { answers, asksElse, durations, emptyPoll, isAsked, isPollDraft, pollLimitsOf, pollOf, repeated } from './poll';

const limits = pollLimitsOf(null);
const poll = (...options: string[]) => ({ ...emptyPoll(), options });
const asked = { multiple: false, options: [{ title: 'tea' }, { title: 'coffee' }] } as Poll;

describe('a poll that is written', () => {
	it('is asked once two different answers can be given', () => {
		expect(isAsked(emptyPoll(), limits)).toBe(false);
		expect(isAsked(poll('tea', ' '), limits)).toBe(false);
		expect(isAsked(poll('tea', ' tea '), limits)).toBe(false);
		expect(isAsked(poll('tea', 'coffee', ''), limits)).toBe(true);
		expect(answers(poll(' tea', '', 'coffee '))).toEqual(['tea', 'coffee']);
	});
	it('keeps to what the server takes', () => {
		expect(isAsked(poll('a', 'b', 'c', 'd', 'e'), limits)).toBe(false);
		expect(isAsked(poll('a', '👨‍👩‍👧'.repeat(50)), limits)).toBe(true); // characters as they are seen
		expect(isAsked(poll('a', 'b'.repeat(51)), limits)).toBe(false);
		const wide = pollLimitsOf({ configuration: { polls: { max_options: 8, max_characters_per_option: 100, min_expiration: 3600, max_expiration: 86_400 } } } as Instance);
		expect(isAsked(poll('a', 'b'.repeat(51), 'c', 'd', 'e'), wide)).toBe(true);
		expect(durations(wide)).toEqual([3600, 6 * 3600, 12 * 3600, 86_400]);
		expect(durations(limits)[0]).toBe(300);
	});
	it('says which answer is there twice', () => {
		expect(repeated(poll('tea', '', '', 'tea '))).toEqual([false, false, false, true]);
	});
	it('knows when votes would be lost', () => {
		expect(asksElse(pollOf(asked, true), asked)).toBe(false);
		expect(asksElse(poll('coffee', 'tea'), asked)).toBe(true);
		expect(asksElse({ ...pollOf(asked, true), multiple: true }, asked)).toBe(true);
		expect(pollOf(asked, true).expiresIn).toBe(0);
		expect(pollOf(asked, false).expiresIn).toBe(86_400);
	});
	it('is told from rubbish', () => {
		expect(isPollDraft(emptyPoll())).toBe(true);
		for (const rubbish of [null, {}, { options: ['a'] }, { ...emptyPoll(), options: [1, 2] }, { ...emptyPoll(), expiresIn: '1' }]) expect(isPollDraft(rubbish)).toBe(false);
	});
});
