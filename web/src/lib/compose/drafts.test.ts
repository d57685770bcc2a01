import { beforeEach, describe, expect, it } from 'vitest';
import type { Account, Status } from '../api/entities';
import { type Draft, Drafts } from './drafts';
import { mentionsFor, replyAudience } from './reply';

const draft = (part: Partial<Draft> = {}): Draft => ({ text: 'hello', warning: '', audience: 'public', language: 'en', key: 'k', ...part });

describe('drafts', () => {
	beforeEach(() => localStorage.clear());
	const drafts = new Drafts(localStorage, '1');

	it('come back as they were, key included', () => {
		drafts.save('new', draft());
		expect(drafts.load('new')).toEqual(draft());
	});
	it('are kept apart by place and by account', () => {
		drafts.save('new', draft());
		drafts.save('reply:5', draft({ text: 'other' }));
		expect(drafts.load('reply:5')?.text).toBe('other');
		expect(new Drafts(localStorage, '2').load('new')).toBeNull();
	});
	it('are not kept when nothing was typed', () => {
		drafts.save('reply:5', draft({ text: '@ada hi' }), '@ada ');
		drafts.save('reply:5', draft({ text: '@ada ' }), '@ada ');
		expect(drafts.load('reply:5')).toBeNull();
	});
	it('survive rubbish in the storage', () => {
		localStorage.setItem('anancus.draft.1.new', '{"text":1}');
		expect(drafts.load('new')).toBeNull();
		localStorage.setItem('anancus.draft.1.new', '{');
		expect(drafts.load('new')).toBeNull();
	});
	it('say when they cannot be kept', () => {
		const full = { getItem: () => null, removeItem: () => {}, setItem: () => { throw new Error('full'); } };
		expect(new Drafts(full, '1').save('new', draft())).toBe(false);
	});
});

describe('replies', () => {
	const me = { acct: 'me' } as Account;
	const parent = (part: Partial<Status>) => ({ account: { acct: 'ada@far.example' }, mentions: [{ acct: 'me' }, { acct: 'bo' }], visibility: 'public', ...part }) as Status;

	it('go to the author and everyone else mentioned', () => expect(mentionsFor(parent({}), me)).toBe('@ada@far.example @bo '));
	it('to oneself need no mention', () => expect(mentionsFor(parent({ account: me, mentions: [] }), me)).toBe(''));
	it.each([
		['direct', 'public', 'direct'],
		['private', 'public', 'private'],
		['public', 'private', 'private'],
		['public', 'public', 'public'],
		['unlisted', 'public', 'unlisted'],
	] as const)('to %s by someone usually %s are %s', (visibility, usual, expected) =>
		expect(replyAudience(parent({ visibility }), usual)).toBe(expected),
	);
	it('to what never leaves do not leave', () => expect(replyAudience(parent({ local_only: true }), 'public')).toBe('local'));
});
