--
-- PostgreSQL database dump
--


-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: counted_requests; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.counted_requests (
    id integer NOT NULL,
    client character varying(64) NOT NULL,
    at double precision NOT NULL
);


--
-- Name: counted_requests_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.counted_requests_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: counted_requests_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.counted_requests_id_seq OWNED BY public.counted_requests.id;


--
-- Name: gates; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.gates (
    name character varying(16) NOT NULL,
    passed_at double precision NOT NULL
);


--
-- Name: jobs; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.jobs (
    id character varying(8) NOT NULL,
    state character varying(16) NOT NULL,
    created_at double precision NOT NULL,
    prompt text NOT NULL,
    duration integer NOT NULL,
    fps integer NOT NULL,
    resolution integer NOT NULL,
    seed bigint NOT NULL,
    worker_id character varying(64),
    lease_expires_at double precision,
    attempts integer NOT NULL,
    not_before double precision NOT NULL,
    cancel_requested boolean NOT NULL,
    started_at double precision,
    stage character varying(16),
    step integer NOT NULL,
    total_steps integer NOT NULL,
    completed_at double precision,
    frames_generated integer,
    file_size_bytes bigint,
    stage_seconds json,
    model_used text,
    device_used character varying(64),
    error text,
    error_type character varying(32)
);


--
-- Name: counted_requests id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.counted_requests ALTER COLUMN id SET DEFAULT nextval('public.counted_requests_id_seq'::regclass);


--
-- Data for Name: counted_requests; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.counted_requests (id, client, at) VALUES (1, '192.0.2.1', 1767225608.625);
INSERT INTO public.counted_requests (id, client, at) VALUES (2, '192.0.2.2', 1767225608.875);
INSERT INTO public.counted_requests (id, client, at) VALUES (3, '2001:db8::1', 1767225609.125);


--
-- Data for Name: gates; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.gates (name, passed_at) VALUES ('claim', 1767225607.875);
INSERT INTO public.gates (name, passed_at) VALUES ('admission', 1767225608.375);
INSERT INTO public.gates (name, passed_at) VALUES ('rate_limit', 1767225609.25);


--
-- Data for Name: jobs; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.jobs (id, state, created_at, prompt, duration, fps, resolution, seed, worker_id, lease_expires_at, attempts, not_before, cancel_requested, started_at, stage, step, total_steps, completed_at, frames_generated, file_size_bytes, stage_seconds, model_used, device_used, error, error_type) VALUES ('c0000001', 'completed', 1767225602.625, 'A cat walking in a garden', 2, 8, 128, 42, 'host-1234-0a1b2c3d', 1767225612.75, 1, 0, false, 1767225602.75, 'mp4', 8, 8, 1767225603.125, 16, 12345, '{"queue": 0.012, "text": 0.034, "denoise": 1.234, "decode": 0.345, "mp4": 0.056}', 'Lightricks/LTX-Video-0.9.7-distilled', 'cpu', NULL, NULL);
INSERT INTO public.jobs (id, state, created_at, prompt, duration, fps, resolution, seed, worker_id, lease_expires_at, attempts, not_before, cancel_requested, started_at, stage, step, total_steps, completed_at, frames_generated, file_size_bytes, stage_seconds, model_used, device_used, error, error_type) VALUES ('fa000001', 'failed', 1767225603.375, 'A prompt that takes too much memory', 10, 25, 512, 2147483647, 'host-1234-0a1b2c3d', 1767225613.5, 1, 0, false, 1767225603.5, NULL, 0, 0, 1767225603.875, NULL, NULL, NULL, NULL, NULL, 'GPU out of memory, try shorter duration', 'out_of_memory');
INSERT INTO public.jobs (id, state, created_at, prompt, duration, fps, resolution, seed, worker_id, lease_expires_at, attempts, not_before, cancel_requested, started_at, stage, step, total_steps, completed_at, frames_generated, file_size_bytes, stage_seconds, model_used, device_used, error, error_type) VALUES ('fa000002', 'failed', 1767225604.125, 'An unlucky prompt: über, 日本, ''quotes'' and "more"', 1, 24, 64, 0, 'host-1234-0a1b2c3d', 1767225615.5, 3, 1767225605.375, false, 1767225605.5, NULL, 0, 0, 1767225605.875, NULL, NULL, NULL, NULL, NULL, 'The job was interrupted 3 times and has been given up: the stream ended after 0 of 24 frames', 'generation_error');
INSERT INTO public.jobs (id, state, created_at, prompt, duration, fps, resolution, seed, worker_id, lease_expires_at, attempts, not_before, cancel_requested, started_at, stage, step, total_steps, completed_at, frames_generated, file_size_bytes, stage_seconds, model_used, device_used, error, error_type) VALUES ('ca000001', 'cancelled', 1767225606.125, 'A prompt nobody wants any more', 2, 8, 128, 42, 'host-1234-0a1b2c3d', 1767225616.25, 1, 0, true, 1767225606.25, NULL, 0, 0, 1767225606.875, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, state, created_at, prompt, duration, fps, resolution, seed, worker_id, lease_expires_at, attempts, not_before, cancel_requested, started_at, stage, step, total_steps, completed_at, frames_generated, file_size_bytes, stage_seconds, model_used, device_used, error, error_type) VALUES ('e0000001', 'cancelled', 1767225607.125, 'A prompt cancelled while it waited', 2, 8, 128, 42, NULL, NULL, 0, 0, false, NULL, NULL, 0, 0, 1767225607.25, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, state, created_at, prompt, duration, fps, resolution, seed, worker_id, lease_expires_at, attempts, not_before, cancel_requested, started_at, stage, step, total_steps, completed_at, frames_generated, file_size_bytes, stage_seconds, model_used, device_used, error, error_type) VALUES ('0c000001', 'running', 1767225607.625, 'A dog on a beach', 1, 8, 64, 7, 'host-1234-0a1b2c3d', 1767225617.75, 1, 0, false, 1767225607.75, 'denoise', 5, 8, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, state, created_at, prompt, duration, fps, resolution, seed, worker_id, lease_expires_at, attempts, not_before, cancel_requested, started_at, stage, step, total_steps, completed_at, frames_generated, file_size_bytes, stage_seconds, model_used, device_used, error, error_type) VALUES ('d0000001', 'queued', 1767225608.25, 'A red balloon over a lake', 1, 8, 64, 9223372036854775807, NULL, NULL, 0, 0, false, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, state, created_at, prompt, duration, fps, resolution, seed, worker_id, lease_expires_at, attempts, not_before, cancel_requested, started_at, stage, step, total_steps, completed_at, frames_generated, file_size_bytes, stage_seconds, model_used, device_used, error, error_type) VALUES ('d0000002', 'queued', 1767225608.5, 'A train in the snow', 3, 8, 96, 1, NULL, NULL, 0, 0, false, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);


--
-- Name: counted_requests_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.counted_requests_id_seq', 3, true);


--
-- Name: counted_requests counted_requests_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.counted_requests
    ADD CONSTRAINT counted_requests_pkey PRIMARY KEY (id);


--
-- Name: gates gates_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.gates
    ADD CONSTRAINT gates_pkey PRIMARY KEY (name);


--
-- Name: jobs jobs_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (id);


--
-- Name: ix_counted_requests_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_counted_requests_at ON public.counted_requests USING btree (at);


--
-- Name: ix_counted_requests_client; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_counted_requests_client ON public.counted_requests USING btree (client);


--
-- Name: jobs_by_state; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX jobs_by_state ON public.jobs USING btree (state, created_at);


--
-- PostgreSQL database dump complete
--


