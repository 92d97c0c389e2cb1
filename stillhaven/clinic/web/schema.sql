-- migrations: 0fd73524d9bee439a3c7a08fe80fb3977a5e8466cb379367d7645e701ace8781
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
COMMENT ON EXTENSION pg_trgm IS 'text similarity measurement and index searching based on trigrams';
CREATE TYPE public.procrastinate_job_event_type AS ENUM (
    'deferred',
    'started',
    'deferred_for_retry',
    'failed',
    'succeeded',
    'cancelled',
    'abort_requested',
    'aborted',
    'scheduled',
    'retried'
);
CREATE TYPE public.procrastinate_job_status AS ENUM (
    'todo',
    'doing',
    'succeeded',
    'failed',
    'cancelled',
    'aborting',
    'aborted'
);
CREATE TYPE public.procrastinate_job_to_defer_v1 AS (
	queue_name character varying,
	task_name character varying,
	priority integer,
	lock text,
	queueing_lock text,
	args jsonb,
	scheduled_at timestamp with time zone
);
CREATE FUNCTION public.procrastinate_cancel_job_v1(job_id bigint, abort boolean, delete_job boolean) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    _job_id bigint;
BEGIN
    IF delete_job THEN
        DELETE FROM procrastinate_jobs
        WHERE id = job_id AND status = 'todo'
        RETURNING id INTO _job_id;
    END IF;
    IF _job_id IS NULL THEN
        IF abort THEN
            UPDATE procrastinate_jobs
            SET abort_requested = true,
                status = CASE status
                    WHEN 'todo' THEN 'cancelled'::procrastinate_job_status ELSE status
                END
            WHERE id = job_id AND status IN ('todo', 'doing')
            RETURNING id INTO _job_id;
        ELSE
            UPDATE procrastinate_jobs
            SET status = 'cancelled'::procrastinate_job_status
            WHERE id = job_id AND status = 'todo'
            RETURNING id INTO _job_id;
        END IF;
    END IF;
    RETURN _job_id;
END;
$$;
CREATE FUNCTION public.procrastinate_defer_jobs_v1(jobs public.procrastinate_job_to_defer_v1[]) RETURNS bigint[]
    LANGUAGE plpgsql
    AS $$
DECLARE
    job_ids bigint[];
BEGIN
    WITH inserted_jobs AS (
        INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
        SELECT (job).queue_name,
               (job).task_name,
               (job).priority,
               (job).lock,
               (job).queueing_lock,
               (job).args,
               (job).scheduled_at
        FROM unnest(jobs) AS job
        RETURNING id
    )
    SELECT array_agg(id) FROM inserted_jobs INTO job_ids;
    RETURN job_ids;
END;
$$;
CREATE FUNCTION public.procrastinate_defer_periodic_job_v2(_queue_name character varying, _lock character varying, _queueing_lock character varying, _task_name character varying, _priority integer, _periodic_id character varying, _defer_timestamp bigint, _args jsonb) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
	_job_id bigint;
	_defer_id bigint;
BEGIN
    INSERT
        INTO procrastinate_periodic_defers (task_name, periodic_id, defer_timestamp)
        VALUES (_task_name, _periodic_id, _defer_timestamp)
        ON CONFLICT DO NOTHING
        RETURNING id into _defer_id;
    IF _defer_id IS NULL THEN
        RETURN NULL;
    END IF;
    UPDATE procrastinate_periodic_defers
        SET job_id = (
            SELECT COALESCE((
                SELECT unnest(procrastinate_defer_jobs_v1(
                    ARRAY[
                        ROW(
                            _queue_name,
                            _task_name,
                            _priority,
                            _lock,
                            _queueing_lock,
                            _args,
                            NULL::timestamptz
                        )
                    ]::procrastinate_job_to_defer_v1[]
                ))
            ), NULL)
        )
        WHERE id = _defer_id
        RETURNING job_id INTO _job_id;
    DELETE
        FROM procrastinate_periodic_defers
        USING (
            SELECT id
            FROM procrastinate_periodic_defers
            WHERE procrastinate_periodic_defers.task_name = _task_name
            AND procrastinate_periodic_defers.periodic_id = _periodic_id
            AND procrastinate_periodic_defers.defer_timestamp < _defer_timestamp
            ORDER BY id
            FOR UPDATE
        ) to_delete
        WHERE procrastinate_periodic_defers.id = to_delete.id;
    RETURN _job_id;
END;
$$;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.procrastinate_jobs (
    id bigint NOT NULL,
    queue_name character varying(128) NOT NULL,
    task_name character varying(128) NOT NULL,
    lock text,
    args jsonb DEFAULT '{}'::jsonb NOT NULL,
    status public.procrastinate_job_status DEFAULT 'todo'::public.procrastinate_job_status NOT NULL,
    scheduled_at timestamp with time zone,
    attempts integer DEFAULT 0 NOT NULL,
    queueing_lock text,
    priority integer DEFAULT 0 NOT NULL,
    abort_requested boolean DEFAULT false NOT NULL,
    worker_id bigint,
    CONSTRAINT check_not_todo_abort_requested CHECK ((NOT ((status = 'todo'::public.procrastinate_job_status) AND (abort_requested = true))))
);
CREATE FUNCTION public.procrastinate_fetch_job_v2(target_queue_names character varying[], p_worker_id bigint) RETURNS public.procrastinate_jobs
    LANGUAGE plpgsql
    AS $$
DECLARE
	found_jobs procrastinate_jobs;
BEGIN
    WITH candidate AS (
        SELECT jobs.*
            FROM procrastinate_jobs AS jobs
            WHERE
                -- reject the job if its lock has earlier or higher priority jobs
                NOT EXISTS (
                    SELECT 1
                        FROM procrastinate_jobs AS other_jobs
                        WHERE
                            jobs.lock IS NOT NULL
                            AND other_jobs.lock = jobs.lock
                            AND (
                                -- job with same lock is already running
                                other_jobs.status = 'doing'
                                OR
                                -- job with same lock is waiting and has higher priority (or same priority but was queued first)
                                (
                                    other_jobs.status = 'todo'
                                    AND (
                                        other_jobs.priority > jobs.priority
                                        OR (
                                        other_jobs.priority = jobs.priority
                                        AND other_jobs.id < jobs.id
                                        )
                                    )
                                )
                            )
                )
                AND jobs.status = 'todo'
                AND (target_queue_names IS NULL OR jobs.queue_name = ANY( target_queue_names ))
                AND (jobs.scheduled_at IS NULL OR jobs.scheduled_at <= now())
            ORDER BY jobs.priority DESC, jobs.id ASC LIMIT 1
            FOR UPDATE OF jobs SKIP LOCKED
    )
    UPDATE procrastinate_jobs
        SET status = 'doing', worker_id = p_worker_id
        FROM candidate
        WHERE procrastinate_jobs.id = candidate.id
        RETURNING procrastinate_jobs.* INTO found_jobs;
 RETURN found_jobs;
END;
$$;
CREATE FUNCTION public.procrastinate_finish_job_v1(job_id bigint, end_status public.procrastinate_job_status, delete_job boolean) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    _job_id bigint;
BEGIN
    IF end_status NOT IN ('succeeded', 'failed', 'aborted') THEN
        RAISE 'End status should be either "succeeded", "failed" or "aborted" (job id: %)', job_id;
    END IF;
    IF delete_job THEN
        DELETE FROM procrastinate_jobs
        WHERE id = job_id AND status IN ('todo', 'doing')
        RETURNING id INTO _job_id;
    ELSE
        UPDATE procrastinate_jobs
        SET status = end_status,
            abort_requested = false,
            attempts = CASE status
                WHEN 'doing' THEN attempts + 1 ELSE attempts
            END
        WHERE id = job_id AND status IN ('todo', 'doing')
        RETURNING id INTO _job_id;
    END IF;
    IF _job_id IS NULL THEN
        RAISE 'Job was not found or not in "doing" or "todo" status (job id: %)', job_id;
    END IF;
END;
$$;
CREATE FUNCTION public.procrastinate_notify_queue_abort_job_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    payload TEXT;
BEGIN
    SELECT json_build_object('type', 'abort_job_requested', 'job_id', NEW.id)::text INTO payload;
	PERFORM pg_notify('procrastinate_queue_v1#' || NEW.queue_name, payload);
	PERFORM pg_notify('procrastinate_any_queue_v1', payload);
	RETURN NEW;
END;
$$;
CREATE FUNCTION public.procrastinate_notify_queue_job_inserted_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    payload TEXT;
BEGIN
    SELECT json_build_object('type', 'job_inserted', 'job_id', NEW.id)::text INTO payload;
	PERFORM pg_notify('procrastinate_queue_v1#' || NEW.queue_name, payload);
	PERFORM pg_notify('procrastinate_any_queue_v1', payload);
	RETURN NEW;
END;
$$;
CREATE FUNCTION public.procrastinate_prune_stalled_workers_v1(seconds_since_heartbeat double precision) RETURNS TABLE(worker_id bigint)
    LANGUAGE plpgsql
    AS $$
BEGIN
    RETURN QUERY
    DELETE FROM procrastinate_workers
    WHERE last_heartbeat < NOW() - (seconds_since_heartbeat || 'SECOND')::INTERVAL
    RETURNING procrastinate_workers.id;
END;
$$;
CREATE FUNCTION public.procrastinate_register_worker_v1() RETURNS TABLE(worker_id bigint)
    LANGUAGE plpgsql
    AS $$
BEGIN
    RETURN QUERY
    INSERT INTO procrastinate_workers DEFAULT VALUES
    RETURNING procrastinate_workers.id;
END;
$$;
CREATE FUNCTION public.procrastinate_retry_job_v1(job_id bigint, retry_at timestamp with time zone, new_priority integer, new_queue_name character varying, new_lock character varying) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    _job_id bigint;
    _abort_requested boolean;
BEGIN
    SELECT abort_requested FROM procrastinate_jobs
    WHERE id = job_id AND status = 'doing'
    FOR UPDATE
    INTO _abort_requested;
    IF _abort_requested THEN
        UPDATE procrastinate_jobs
        SET status = 'failed'::procrastinate_job_status
        WHERE id = job_id AND status = 'doing'
        RETURNING id INTO _job_id;
    ELSE
        UPDATE procrastinate_jobs
        SET status = 'todo'::procrastinate_job_status,
            attempts = attempts + 1,
            scheduled_at = retry_at,
            priority = COALESCE(new_priority, priority),
            queue_name = COALESCE(new_queue_name, queue_name),
            lock = COALESCE(new_lock, lock)
        WHERE id = job_id AND status = 'doing'
        RETURNING id INTO _job_id;
    END IF;
    IF _job_id IS NULL THEN
        RAISE 'Job was not found or not in "doing" status (job id: %)', job_id;
    END IF;
END;
$$;
CREATE FUNCTION public.procrastinate_retry_job_v2(job_id bigint, retry_at timestamp with time zone, new_priority integer, new_queue_name character varying, new_lock character varying) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    _job_id bigint;
    _abort_requested boolean;
    _current_status procrastinate_job_status;
BEGIN
    SELECT status, abort_requested FROM procrastinate_jobs
    WHERE id = job_id AND status IN ('doing', 'failed')
    FOR UPDATE
    INTO _current_status, _abort_requested;
    IF _current_status = 'doing' AND _abort_requested THEN
        UPDATE procrastinate_jobs
        SET status = 'failed'::procrastinate_job_status
        WHERE id = job_id AND status = 'doing'
        RETURNING id INTO _job_id;
    ELSE
        UPDATE procrastinate_jobs
        SET status = 'todo'::procrastinate_job_status,
            attempts = attempts + 1,
            scheduled_at = retry_at,
            priority = COALESCE(new_priority, priority),
            queue_name = COALESCE(new_queue_name, queue_name),
            lock = COALESCE(new_lock, lock)
        WHERE id = job_id AND status IN ('doing', 'failed')
        RETURNING id INTO _job_id;
    END IF;
    IF _job_id IS NULL THEN
        RAISE 'Job was not found or has an invalid status to retry (job id: %)', job_id;
    END IF;
END;
$$;
CREATE FUNCTION public.procrastinate_trigger_abort_requested_events_procedure_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO procrastinate_events(job_id, type)
        VALUES (NEW.id, 'abort_requested'::procrastinate_job_event_type);
    RETURN NEW;
END;
$$;
CREATE FUNCTION public.procrastinate_trigger_function_scheduled_events_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO procrastinate_events(job_id, type, at)
        VALUES (NEW.id, 'scheduled'::procrastinate_job_event_type, NEW.scheduled_at);
	RETURN NEW;
END;
$$;
CREATE FUNCTION public.procrastinate_trigger_function_status_events_insert_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO procrastinate_events(job_id, type)
        VALUES (NEW.id, 'deferred'::procrastinate_job_event_type);
	RETURN NEW;
END;
$$;
CREATE FUNCTION public.procrastinate_trigger_function_status_events_update_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    WITH t AS (
        SELECT CASE
            WHEN OLD.status = 'todo'::procrastinate_job_status
                AND NEW.status = 'doing'::procrastinate_job_status
                THEN 'started'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'todo'::procrastinate_job_status
                THEN 'deferred_for_retry'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'failed'::procrastinate_job_status
                THEN 'failed'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'succeeded'::procrastinate_job_status
                THEN 'succeeded'::procrastinate_job_event_type
            WHEN OLD.status = 'todo'::procrastinate_job_status
                AND (
                    NEW.status = 'cancelled'::procrastinate_job_status
                    OR NEW.status = 'failed'::procrastinate_job_status
                    OR NEW.status = 'succeeded'::procrastinate_job_status
                )
                THEN 'cancelled'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'aborted'::procrastinate_job_status
                THEN 'aborted'::procrastinate_job_event_type
            WHEN OLD.status = 'failed'::procrastinate_job_status
                AND NEW.status = 'todo'::procrastinate_job_status
                THEN 'retried'::procrastinate_job_event_type
            ELSE NULL
        END as event_type
    )
    INSERT INTO procrastinate_events(job_id, type)
        SELECT NEW.id, t.event_type
        FROM t
        WHERE t.event_type IS NOT NULL;
	RETURN NEW;
END;
$$;
CREATE FUNCTION public.procrastinate_unlink_periodic_defers_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE procrastinate_periodic_defers
    SET job_id = NULL
    WHERE job_id = OLD.id;
    RETURN OLD;
END;
$$;
CREATE FUNCTION public.procrastinate_unregister_worker_v1(worker_id bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    DELETE FROM procrastinate_workers
    WHERE id = worker_id;
END;
$$;
CREATE FUNCTION public.procrastinate_update_heartbeat_v1(worker_id bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE procrastinate_workers
    SET last_heartbeat = NOW()
    WHERE id = worker_id;
END;
$$;
CREATE FUNCTION public.schedule_lanes_as_adopted() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE adopted numeric;
BEGIN
  IF NEW.nurse_id IS NULL OR NEW.state NOT IN ('booked', 'arrived') THEN RETURN NEW; END IF;
  SELECT (content -> 'patients_per_nurse' ->> 'value')::numeric INTO adopted
    FROM record_adoption WHERE site = NEW.site_id AND what = 'policy' AND NOT retracted ORDER BY seq DESC LIMIT 1;
  IF adopted IS NOT NULL AND NEW.lanes > adopted THEN
    RAISE EXCEPTION 'a nurse has % patients at once at most by the policy of site %, not %', adopted, NEW.site_id, NEW.lanes
      USING ERRCODE = 'check_violation', CONSTRAINT = 'schedule_lanes_as_adopted';
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION public.stillhaven_append_only() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  RAISE EXCEPTION 'the record is append-only: % on % is refused; write an amendment instead', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END $$;
CREATE FUNCTION public.stillhaven_head_only_grows() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF TG_OP <> 'UPDATE' OR NEW.count <= OLD.count OR NEW.name <> OLD.name THEN
    RAISE EXCEPTION 'the head of a chain only grows: % is refused', TG_OP USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION public.stillhaven_stock_line() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
  vial record; before_no bigint; before_line text; open_mg numeric;
BEGIN
  SELECT mg, site_id, lines, is_device, content_mg INTO vial FROM stock_vial WHERE uid = NEW.vial_id FOR UPDATE;
  IF NOT FOUND OR vial.site_id <> NEW.site THEN
    RAISE EXCEPTION 'stock: there is no such vial at this site' USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.balance_mg <> vial.mg + NEW.vial_change_mg OR NEW.balance_mg < 0 THEN
    RAISE EXCEPTION 'stock: a vial of % mg and a change of % mg do not make % mg', vial.mg, NEW.vial_change_mg, NEW.balance_mg
      USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.session_uid IS NOT NULL THEN
    SELECT coalesce(sum(out_change_mg), 0) INTO open_mg FROM stock_stockline
      WHERE vial_id = NEW.vial_id AND session_uid = NEW.session_uid;
    IF NEW.out_mg <> open_mg + NEW.out_change_mg OR NEW.out_mg < 0 THEN
      RAISE EXCEPTION 'stock: % mg drawn and a change of % mg do not make % mg', open_mg, NEW.out_change_mg, NEW.out_mg
        USING ERRCODE = 'check_violation';
    END IF;
  END IF;
  SELECT line_no, line INTO before_no, before_line FROM stock_stockline
    WHERE site = NEW.site ORDER BY line_no DESC LIMIT 1;
  IF NEW.line_no <> coalesce(before_no, 0) + 1 OR NEW.prev_line <> coalesce(before_line, repeat('0', 64)) THEN
    RAISE EXCEPTION 'stock: line % does not follow line %', NEW.line_no, before_no USING ERRCODE = 'check_violation';
  END IF;
  UPDATE stock_vial SET mg = NEW.balance_mg, ml = NEW.balance_ml, place = NEW.place, lines = vial.lines + 1
    WHERE uid = NEW.vial_id;
  RETURN NEW;
END $$;
CREATE FUNCTION public.stillhaven_stock_sums() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
  held numeric; said numeric;
BEGIN
  SELECT mg INTO held FROM stock_vial WHERE uid = NEW.vial_id;
  SELECT sum(vial_change_mg) INTO said FROM stock_stockline WHERE vial_id = NEW.vial_id;
  IF held <> said THEN
    RAISE EXCEPTION 'stock: the vial holds % mg, its lines say %', held, said USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION public.stillhaven_stock_vial() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.mg <> 0 OR NEW.ml <> 0 OR NEW.lines <> 0 THEN
      RAISE EXCEPTION 'stock: a vial comes in empty and is filled by its first line' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF TG_OP = 'DELETE' OR pg_trigger_depth() < 2 THEN
    RAISE EXCEPTION 'stock: a vial is changed by its ledger lines alone: % is refused', TG_OP
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TABLE public.account_emailaddress (
    id integer NOT NULL,
    email character varying(254) NOT NULL,
    verified boolean NOT NULL,
    "primary" boolean NOT NULL,
    user_id bigint NOT NULL
);
ALTER TABLE public.account_emailaddress ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.account_emailaddress_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.account_emailconfirmation (
    id integer NOT NULL,
    created timestamp with time zone NOT NULL,
    sent timestamp with time zone,
    key character varying(64) NOT NULL,
    email_address_id integer NOT NULL
);
ALTER TABLE public.account_emailconfirmation ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.account_emailconfirmation_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.auth_group (
    id integer NOT NULL,
    name character varying(150) NOT NULL
);
ALTER TABLE public.auth_group ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_group_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.auth_group_permissions (
    id bigint NOT NULL,
    group_id integer NOT NULL,
    permission_id integer NOT NULL
);
ALTER TABLE public.auth_group_permissions ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_group_permissions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.auth_permission (
    id integer NOT NULL,
    name character varying(255) NOT NULL,
    content_type_id integer NOT NULL,
    codename character varying(100) NOT NULL
);
ALTER TABLE public.auth_permission ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_permission_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.axes_accessattempt (
    id integer NOT NULL,
    user_agent character varying(255) NOT NULL,
    ip_address inet,
    username character varying(255),
    http_accept character varying(1025) NOT NULL,
    path_info character varying(255) NOT NULL,
    attempt_time timestamp with time zone NOT NULL,
    get_data text NOT NULL,
    post_data text NOT NULL,
    failures_since_start integer NOT NULL,
    CONSTRAINT axes_accessattempt_failures_since_start_check CHECK ((failures_since_start >= 0))
);
ALTER TABLE public.axes_accessattempt ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.axes_accessattempt_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.axes_accessattemptexpiration (
    access_attempt_id integer NOT NULL,
    expires_at timestamp with time zone NOT NULL
);
CREATE TABLE public.axes_accessfailurelog (
    id integer NOT NULL,
    user_agent character varying(255) NOT NULL,
    ip_address inet,
    username character varying(255),
    http_accept character varying(1025) NOT NULL,
    path_info character varying(255) NOT NULL,
    attempt_time timestamp with time zone NOT NULL,
    locked_out boolean NOT NULL
);
ALTER TABLE public.axes_accessfailurelog ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.axes_accessfailurelog_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.axes_accesslog (
    id integer NOT NULL,
    user_agent character varying(255) NOT NULL,
    ip_address inet,
    username character varying(255),
    http_accept character varying(1025) NOT NULL,
    path_info character varying(255) NOT NULL,
    attempt_time timestamp with time zone NOT NULL,
    logout_time timestamp with time zone,
    session_hash character varying(64) NOT NULL
);
ALTER TABLE public.axes_accesslog ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.axes_accesslog_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.candidacy_considered (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    drug character varying(40) NOT NULL,
    route character varying(40) NOT NULL,
    amends_id uuid,
    course_id bigint NOT NULL,
    patient_id bigint NOT NULL,
    CONSTRAINT candidacy_considered_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT candidacy_considered_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT candidacy_considered_site_check CHECK ((site >= 0))
);
CREATE TABLE public.candidacy_decision (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    drug character varying(40) NOT NULL,
    route character varying(40) NOT NULL,
    verdict character varying(12) NOT NULL,
    suggestion character varying(12) NOT NULL,
    because text NOT NULL,
    why text NOT NULL,
    alternatives text NOT NULL,
    consult text NOT NULL,
    inputs jsonb NOT NULL,
    findings jsonb NOT NULL,
    speaks_for jsonb NOT NULL,
    resistance jsonb NOT NULL,
    reference_version character varying(64) NOT NULL,
    amends_id uuid,
    course_id bigint NOT NULL,
    patient_id bigint NOT NULL,
    CONSTRAINT candidacy_decision_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT candidacy_decision_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT candidacy_decision_site_check CHECK ((site >= 0))
);
CREATE TABLE public.candidacy_measured (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    key character varying(60) NOT NULL,
    value jsonb NOT NULL,
    words text NOT NULL,
    detail jsonb NOT NULL,
    amends_id uuid,
    patient_id bigint NOT NULL,
    CONSTRAINT candidacy_measured_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT candidacy_measured_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT candidacy_measured_site_check CHECK ((site >= 0))
);
CREATE TABLE public.candidacy_override (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    rule character varying(40) NOT NULL,
    against text NOT NULL,
    why text NOT NULL,
    amends_id uuid,
    course_id bigint NOT NULL,
    patient_id bigint NOT NULL,
    CONSTRAINT candidacy_override_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT candidacy_override_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT candidacy_override_site_check CHECK ((site >= 0))
);
CREATE TABLE public.consent_answer (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    text text NOT NULL,
    amends_id uuid,
    patient_id bigint NOT NULL,
    question_id uuid NOT NULL,
    CONSTRAINT consent_answer_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT consent_answer_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT consent_answer_site_check CHECK ((site >= 0))
);
CREATE TABLE public.consent_question (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    document character varying(60) NOT NULL,
    text text NOT NULL,
    amends_id uuid,
    patient_id bigint NOT NULL,
    CONSTRAINT consent_question_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT consent_question_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT consent_question_site_check CHECK ((site >= 0))
);
CREATE TABLE public.consent_signature (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    document character varying(60) NOT NULL,
    digest character varying(64) NOT NULL,
    answers jsonb NOT NULL,
    how character varying(10) NOT NULL,
    name character varying(120) NOT NULL,
    strokes jsonb NOT NULL,
    place character varying(20) NOT NULL,
    device character varying(200) NOT NULL,
    amends_id uuid,
    course_id bigint,
    patient_id bigint NOT NULL,
    version_id uuid NOT NULL,
    CONSTRAINT consent_signature_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT consent_signature_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT consent_signature_site_check CHECK ((site >= 0))
);
CREATE TABLE public.consent_verdict (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    published boolean NOT NULL,
    words text NOT NULL,
    second_factor character varying(20) NOT NULL,
    amends_id uuid,
    version_id uuid NOT NULL,
    CONSTRAINT consent_verdict_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT consent_verdict_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT consent_verdict_site_check CHECK ((site >= 0))
);
CREATE TABLE public.consent_version (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    document character varying(60) NOT NULL,
    language character varying(12) NOT NULL,
    number integer NOT NULL,
    content jsonb NOT NULL,
    digest character varying(64) NOT NULL,
    note text NOT NULL,
    amends_id uuid,
    CONSTRAINT consent_version_number_check CHECK ((number >= 0)),
    CONSTRAINT consent_version_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT consent_version_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT consent_version_site_check CHECK ((site >= 0))
);
CREATE TABLE public.consent_withdrawal (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    document character varying(60) NOT NULL,
    place character varying(20) NOT NULL,
    words text NOT NULL,
    cause uuid,
    amends_id uuid,
    patient_id bigint NOT NULL,
    CONSTRAINT consent_withdrawal_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT consent_withdrawal_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT consent_withdrawal_site_check CHECK ((site >= 0))
);
CREATE TABLE public.consent_witness (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    second_factor character varying(20) NOT NULL,
    amends_id uuid,
    patient_id bigint NOT NULL,
    signature_id uuid NOT NULL,
    CONSTRAINT consent_witness_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT consent_witness_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT consent_witness_site_check CHECK ((site >= 0))
);
CREATE TABLE public.course_course (
    id bigint NOT NULL,
    indication character varying(120) NOT NULL,
    state character varying(20) NOT NULL,
    on_hold boolean NOT NULL,
    hold_reason text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    patient_id bigint NOT NULL,
    site_id smallint NOT NULL
);
ALTER TABLE public.course_course ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.course_course_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.course_coursefact (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    kind character varying(40) NOT NULL,
    value jsonb NOT NULL,
    amends_id uuid,
    course_id bigint NOT NULL,
    patient_id bigint NOT NULL,
    CONSTRAINT course_coursefact_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT course_coursefact_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT course_coursefact_site_check CHECK ((site >= 0))
);
CREATE TABLE public.course_coursemove (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    move character varying(20) NOT NULL,
    state character varying(20) NOT NULL,
    because jsonb NOT NULL,
    amends_id uuid,
    course_id bigint NOT NULL,
    CONSTRAINT course_coursemove_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT course_coursemove_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT course_coursemove_site_check CHECK ((site >= 0))
);
CREATE TABLE public.django_content_type (
    id integer NOT NULL,
    app_label character varying(100) NOT NULL,
    model character varying(100) NOT NULL
);
ALTER TABLE public.django_content_type ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.django_content_type_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.django_migrations (
    id bigint NOT NULL,
    app character varying(255) NOT NULL,
    name character varying(255) NOT NULL,
    applied timestamp with time zone NOT NULL
);
ALTER TABLE public.django_migrations ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.django_migrations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.django_session (
    session_key character varying(40) NOT NULL,
    session_data text NOT NULL,
    expire_date timestamp with time zone NOT NULL
);
CREATE TABLE public.followup_contactattempt (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    points jsonb NOT NULL,
    how character varying(20) NOT NULL,
    reached boolean NOT NULL,
    note text NOT NULL,
    amends_id uuid,
    course_id bigint NOT NULL,
    patient_id bigint NOT NULL,
    CONSTRAINT followup_contactattempt_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT followup_contactattempt_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT followup_contactattempt_site_check CHECK ((site >= 0))
);
CREATE TABLE public.followup_followupowner (
    course_id bigint NOT NULL,
    owner_id bigint NOT NULL
);
CREATE TABLE public.followup_followupstop (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    why text NOT NULL,
    amends_id uuid,
    course_id bigint NOT NULL,
    patient_id bigint NOT NULL,
    CONSTRAINT followup_followupstop_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT followup_followupstop_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT followup_followupstop_site_check CHECK ((site >= 0))
);
CREATE TABLE public.followup_pointending (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    point character varying(60) NOT NULL,
    kind character varying(20) NOT NULL,
    why text NOT NULL,
    attempts smallint NOT NULL,
    amends_id uuid,
    course_id bigint NOT NULL,
    patient_id bigint NOT NULL,
    CONSTRAINT followup_pointending_attempts_check CHECK ((attempts >= 0)),
    CONSTRAINT followup_pointending_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT followup_pointending_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT followup_pointending_site_check CHECK ((site >= 0))
);
CREATE TABLE public.followup_reminder (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    points jsonb NOT NULL,
    channels jsonb NOT NULL,
    amends_id uuid,
    course_id bigint NOT NULL,
    link_id bigint,
    patient_id bigint NOT NULL,
    CONSTRAINT followup_reminder_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT followup_reminder_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT followup_reminder_site_check CHECK ((site >= 0))
);
CREATE TABLE public.followup_watchsignal (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    rule character varying(60) NOT NULL,
    finding jsonb NOT NULL,
    trigger uuid,
    amends_id uuid,
    course_id bigint NOT NULL,
    patient_id bigint NOT NULL,
    CONSTRAINT followup_watchsignal_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT followup_watchsignal_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT followup_watchsignal_site_check CHECK ((site >= 0))
);
CREATE TABLE public.followup_watchtask (
    signal_id uuid NOT NULL,
    due_at timestamp with time zone NOT NULL,
    acknowledged_at timestamp with time zone,
    acknowledged_by character varying(120) NOT NULL,
    closed_at timestamp with time zone,
    closed_by character varying(120) NOT NULL,
    note text NOT NULL,
    owner_id bigint,
    site_id smallint NOT NULL
);
CREATE TABLE public.intake_answer (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    key character varying(60) NOT NULL,
    value jsonb,
    unit character varying(20) NOT NULL,
    typed character varying(120) NOT NULL,
    source character varying(10) NOT NULL,
    form_version character varying(16) NOT NULL,
    amends_id uuid,
    patient_id bigint NOT NULL,
    CONSTRAINT intake_answer_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT intake_answer_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT intake_answer_site_check CHECK ((site >= 0))
);
CREATE TABLE public.intake_draft (
    id bigint NOT NULL,
    section character varying(40) NOT NULL,
    "values" jsonb NOT NULL,
    others jsonb NOT NULL,
    seen text NOT NULL,
    saved_at timestamp with time zone NOT NULL,
    author_id bigint NOT NULL,
    intake_id bigint NOT NULL
);
ALTER TABLE public.intake_draft ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.intake_draft_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.intake_insurancecard (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    side character varying(5) NOT NULL,
    media_type character varying(40) NOT NULL,
    sha256 character varying(64) NOT NULL,
    size_bytes integer NOT NULL,
    source character varying(10) NOT NULL,
    amends_id uuid,
    patient_id bigint NOT NULL,
    CONSTRAINT intake_insurancecard_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT intake_insurancecard_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT intake_insurancecard_site_check CHECK ((site >= 0)),
    CONSTRAINT intake_insurancecard_size_bytes_check CHECK ((size_bytes >= 0))
);
CREATE TABLE public.intake_intake (
    id bigint NOT NULL,
    started_at timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    reviewed_at timestamp with time zone,
    course_id bigint,
    patient_id bigint NOT NULL,
    reviewed_by_id bigint
);
ALTER TABLE public.intake_intake ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.intake_intake_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.intake_medicineline (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    name character varying(120) NOT NULL,
    key character varying(80) NOT NULL,
    dose character varying(80) NOT NULL,
    route character varying(40) NOT NULL,
    since date,
    until date,
    source character varying(10) NOT NULL,
    amends_id uuid,
    patient_id bigint NOT NULL,
    CONSTRAINT intake_medicineline_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT intake_medicineline_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT intake_medicineline_site_check CHECK ((site >= 0))
);
CREATE TABLE public.intake_safetycall (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    text text NOT NULL,
    amends_id uuid,
    answer_id uuid,
    call_id uuid,
    patient_id bigint NOT NULL,
    CONSTRAINT intake_safetycall_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT intake_safetycall_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT intake_safetycall_site_check CHECK ((site >= 0))
);
CREATE TABLE public.intake_trialline (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    name character varying(120) NOT NULL,
    key character varying(80) NOT NULL,
    highest_dose_mg numeric(9,3),
    weeks numeric(6,1),
    outcome character varying(12) NOT NULL,
    stopped_because character varying(300) NOT NULL,
    taken_as_prescribed boolean,
    this_episode boolean,
    dose_judged boolean,
    judged_by character varying(120) NOT NULL,
    source character varying(10) NOT NULL,
    amends_id uuid,
    patient_id bigint NOT NULL,
    CONSTRAINT intake_trialline_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT intake_trialline_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT intake_trialline_site_check CHECK ((site >= 0))
);
CREATE TABLE public.mfa_authenticator (
    id bigint NOT NULL,
    type character varying(20) NOT NULL,
    data jsonb NOT NULL,
    user_id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone
);
ALTER TABLE public.mfa_authenticator ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.mfa_authenticator_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.monitoring_alarmevent (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    kind character varying(24) NOT NULL,
    condition character varying(60) NOT NULL,
    priority character varying(10) NOT NULL,
    data jsonb NOT NULL,
    amends_id uuid,
    session_id bigint NOT NULL,
    CONSTRAINT monitoring_alarmevent_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT monitoring_alarmevent_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT monitoring_alarmevent_site_check CHECK ((site >= 0))
);
CREATE TABLE public.monitoring_drillresult (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    session uuid NOT NULL,
    scenario character varying(60) NOT NULL,
    score jsonb NOT NULL,
    amends_id uuid,
    CONSTRAINT monitoring_drillresult_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT monitoring_drillresult_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT monitoring_drillresult_site_check CHECK ((site >= 0))
);
CREATE TABLE public.monitoring_heartbeat (
    part character varying(40) NOT NULL,
    beat_at timestamp with time zone NOT NULL,
    detail jsonb NOT NULL
);
CREATE TABLE public.monitoring_limitchange (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    condition character varying(60) NOT NULL,
    signal character varying(40) NOT NULL,
    tier character varying(40) NOT NULL,
    value double precision,
    amends_id uuid,
    session_id bigint NOT NULL,
    CONSTRAINT monitoring_limitchange_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT monitoring_limitchange_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT monitoring_limitchange_site_check CHECK ((site >= 0))
);
CREATE TABLE public.people_apitoken (
    id bigint NOT NULL,
    name character varying(60) NOT NULL,
    role character varying(20) NOT NULL,
    digest character varying(64) NOT NULL,
    is_active boolean NOT NULL,
    last_used_at timestamp with time zone,
    site_id smallint NOT NULL
);
ALTER TABLE public.people_apitoken ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.people_apitoken_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.people_patient (
    id bigint NOT NULL,
    external_id character varying(40) NOT NULL,
    name character varying(120) NOT NULL,
    preferred_name character varying(60) NOT NULL,
    pronouns character varying(40) NOT NULL,
    born date NOT NULL,
    sex character varying(10) NOT NULL,
    phone character varying(40) NOT NULL,
    allergies character varying(80)[] NOT NULL,
    allergies_asked boolean NOT NULL,
    comfort_card text NOT NULL,
    escort_name character varying(120) NOT NULL,
    escort_phone character varying(40) NOT NULL,
    simulated boolean NOT NULL,
    site_id smallint NOT NULL
);
ALTER TABLE public.people_patient ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.people_patient_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.people_patientnote (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    kind character varying(40) NOT NULL,
    value jsonb NOT NULL,
    amends_id uuid,
    patient_id bigint NOT NULL,
    CONSTRAINT people_patientnote_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT people_patientnote_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT people_patientnote_site_check CHECK ((site >= 0))
);
CREATE TABLE public.people_rosterplace (
    id bigint NOT NULL,
    browser character varying(43) NOT NULL,
    signed_in_at timestamp with time zone NOT NULL,
    wrong_pins smallint NOT NULL,
    user_id bigint NOT NULL,
    CONSTRAINT people_rosterplace_wrong_pins_check CHECK ((wrong_pins >= 0))
);
ALTER TABLE public.people_rosterplace ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.people_rosterplace_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.people_site (
    id smallint NOT NULL,
    name character varying(120) NOT NULL,
    zone character varying(60) NOT NULL,
    emergency_number character varying(40) NOT NULL,
    CONSTRAINT people_site_id_check CHECK ((id >= 0))
);
CREATE TABLE public.people_user (
    id bigint NOT NULL,
    password character varying(128) NOT NULL,
    last_login timestamp with time zone,
    email character varying(254) NOT NULL,
    name character varying(120) NOT NULL,
    title character varying(20) NOT NULL,
    roles character varying(20)[] NOT NULL,
    is_active boolean NOT NULL,
    pin_hash character varying(128) NOT NULL,
    last_totp_step bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    patient_id bigint,
    CONSTRAINT people_user_staff_or_patient CHECK (((patient_id IS NULL) OR (roles = '{}'::character varying(20)[])))
);
ALTER TABLE public.people_user ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.people_user_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.people_user_sites (
    id bigint NOT NULL,
    user_id bigint NOT NULL,
    site_id smallint NOT NULL
);
ALTER TABLE public.people_user_sites ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.people_user_sites_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.plan_order (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    off_label boolean NOT NULL,
    protocol character varying(60) NOT NULL,
    drug character varying(40) NOT NULL,
    route character varying(40) NOT NULL,
    dose_mg numeric(9,3) NOT NULL,
    dose_mg_per_kg numeric(7,4),
    weight_kg numeric(6,2),
    weighed_on date,
    weight_basis character varying(12) NOT NULL,
    concentration_mg_per_ml numeric(8,3),
    volume_ml numeric(8,2),
    duration_min numeric(7,2),
    devices smallint,
    fasting_food_h numeric(4,1),
    fasting_liquid_h numeric(4,1),
    observation_min smallint,
    limits jsonb NOT NULL,
    rescue jsonb NOT NULL,
    timetable character varying(60) NOT NULL,
    valid_from date NOT NULL,
    valid_until date NOT NULL,
    note text NOT NULL,
    arithmetic jsonb NOT NULL,
    findings jsonb NOT NULL,
    reference_version character varying(64) NOT NULL,
    second_factor character varying(20) NOT NULL,
    amends_id uuid,
    course_id bigint NOT NULL,
    patient_id bigint NOT NULL,
    for_sessions smallint NOT NULL,
    holds jsonb NOT NULL,
    premedication jsonb NOT NULL,
    sources jsonb NOT NULL,
    worked jsonb NOT NULL,
    plan_id uuid,
    CONSTRAINT plan_order_devices_check CHECK ((devices >= 0)),
    CONSTRAINT plan_order_for_sessions_check CHECK ((for_sessions >= 0)),
    CONSTRAINT plan_order_observation_min_check CHECK ((observation_min >= 0)),
    CONSTRAINT plan_order_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT plan_order_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT plan_order_site_check CHECK ((site >= 0))
);
CREATE TABLE public.plan_plan (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    protocol character varying(60) NOT NULL,
    drug character varying(40) NOT NULL,
    route character varying(40) NOT NULL,
    scheme character varying(60) NOT NULL,
    sessions smallint NOT NULL,
    sessions_per_week numeric(5,2) NOT NULL,
    response_scale character varying(40) NOT NULL,
    response_after smallint NOT NULL,
    response_fall_pct numeric(5,1) NOT NULL,
    stop_after_failed smallint,
    stop_rules jsonb NOT NULL,
    goals text NOT NULL,
    therapist character varying(120) NOT NULL,
    with_psychotherapy boolean NOT NULL,
    maintenance text NOT NULL,
    fasting text NOT NULL,
    why_against text NOT NULL,
    unfit jsonb NOT NULL,
    sources jsonb NOT NULL,
    reference_version character varying(64) NOT NULL,
    second_factor character varying(20) NOT NULL,
    amends_id uuid,
    course_id bigint NOT NULL,
    patient_id bigint NOT NULL,
    CONSTRAINT plan_plan_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT plan_plan_response_after_check CHECK ((response_after >= 0)),
    CONSTRAINT plan_plan_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT plan_plan_sessions_check CHECK ((sessions >= 0)),
    CONSTRAINT plan_plan_site_check CHECK ((site >= 0)),
    CONSTRAINT plan_plan_stop_after_failed_check CHECK ((stop_after_failed >= 0))
);
CREATE TABLE public.portal_caregiver (
    id bigint NOT NULL,
    uid uuid NOT NULL,
    name character varying(120) NOT NULL,
    relation character varying(60) NOT NULL,
    digest character varying(64) NOT NULL,
    given_at timestamp with time zone NOT NULL,
    until date NOT NULL,
    ended_at timestamp with time zone,
    last_look_at timestamp with time zone,
    patient_id bigint NOT NULL
);
ALTER TABLE public.portal_caregiver ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.portal_caregiver_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.portal_cleared (
    id bigint NOT NULL,
    rule character varying(40) NOT NULL,
    ran_at timestamp with time zone NOT NULL,
    older_than timestamp with time zone NOT NULL,
    rows integer NOT NULL,
    CONSTRAINT portal_cleared_rows_check CHECK ((rows >= 0))
);
ALTER TABLE public.portal_cleared ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.portal_cleared_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.portal_datarequest (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    kind character varying(20) NOT NULL,
    text text NOT NULL,
    due date NOT NULL,
    amends_id uuid,
    patient_id bigint NOT NULL,
    CONSTRAINT portal_datarequest_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT portal_datarequest_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT portal_datarequest_site_check CHECK ((site >= 0))
);
CREATE TABLE public.portal_registration (
    id bigint NOT NULL,
    digest character varying(64) NOT NULL,
    name character varying(120) NOT NULL,
    email character varying(254) NOT NULL,
    password character varying(128) NOT NULL,
    born date NOT NULL,
    made_at timestamp with time zone NOT NULL,
    good_until timestamp with time zone NOT NULL,
    site_id smallint NOT NULL
);
ALTER TABLE public.portal_registration ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.portal_registration_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.portal_requeststep (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    what character varying(12) NOT NULL,
    text text NOT NULL,
    due date,
    amends_id uuid,
    patient_id bigint NOT NULL,
    request_id uuid NOT NULL,
    CONSTRAINT portal_requeststep_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT portal_requeststep_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT portal_requeststep_site_check CHECK ((site >= 0))
);
CREATE TABLE public.post_answertime (
    id bigint NOT NULL,
    within_h smallint,
    away_text character varying(500) NOT NULL,
    away_from date,
    away_until date,
    site_id smallint NOT NULL,
    CONSTRAINT post_answertime_within_h_check CHECK ((within_h >= 0))
);
ALTER TABLE public.post_answertime ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.post_answertime_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.post_enclosure (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    name character varying(80) NOT NULL,
    media_type character varying(40) NOT NULL,
    sha256 character varying(64) NOT NULL,
    size_bytes integer NOT NULL,
    amends_id uuid,
    patient_id bigint NOT NULL,
    letter_id uuid NOT NULL,
    CONSTRAINT post_enclosure_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT post_enclosure_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT post_enclosure_site_check CHECK ((site >= 0)),
    CONSTRAINT post_enclosure_size_bytes_check CHECK ((size_bytes >= 0))
);
CREATE TABLE public.post_letter (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    from_patient boolean NOT NULL,
    text text NOT NULL,
    urgent boolean NOT NULL,
    amends_id uuid,
    patient_id bigint NOT NULL,
    thread_id bigint NOT NULL,
    CONSTRAINT post_letter_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT post_letter_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT post_letter_site_check CHECK ((site >= 0))
);
CREATE TABLE public.post_outmessage (
    id bigint NOT NULL,
    uid uuid NOT NULL,
    channel character varying(10) NOT NULL,
    "to" character varying(254) NOT NULL,
    template character varying(40) NOT NULL,
    context jsonb NOT NULL,
    purpose character varying(40) NOT NULL,
    about uuid,
    once character varying(120) NOT NULL,
    due_at timestamp with time zone NOT NULL,
    good_until timestamp with time zone,
    state character varying(10) NOT NULL,
    tries smallint NOT NULL,
    claimed_at timestamp with time zone,
    sent_at timestamp with time zone,
    last_error character varying(300) NOT NULL,
    queued_at timestamp with time zone NOT NULL,
    patient_id bigint,
    site_id smallint NOT NULL,
    CONSTRAINT post_out_state CHECK (((state)::text = ANY ((ARRAY['queued'::character varying, 'sending'::character varying, 'sent'::character varying, 'failed'::character varying, 'cancelled'::character varying])::text[]))),
    CONSTRAINT post_outmessage_tries_check CHECK ((tries >= 0))
);
ALTER TABLE public.post_outmessage ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.post_outmessage_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.post_reach (
    id bigint NOT NULL,
    channel character varying(10) NOT NULL,
    address character varying(254) NOT NULL,
    is_on boolean NOT NULL,
    because character varying(120) NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    patient_id bigint NOT NULL,
    CONSTRAINT post_reach_channel CHECK (((channel)::text = ANY ((ARRAY['email'::character varying, 'sms'::character varying])::text[])))
);
ALTER TABLE public.post_reach ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.post_reach_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.post_seen (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    by_patient boolean NOT NULL,
    amends_id uuid,
    letter_id uuid NOT NULL,
    patient_id bigint NOT NULL,
    CONSTRAINT post_seen_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT post_seen_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT post_seen_site_check CHECK ((site >= 0))
);
CREATE TABLE public.post_thread (
    id bigint NOT NULL,
    uid uuid NOT NULL,
    subject character varying(120) NOT NULL,
    begun_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    assigned_to_id bigint,
    patient_id bigint NOT NULL,
    site_id smallint NOT NULL
);
ALTER TABLE public.post_thread ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.post_thread_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.post_wish (
    id bigint NOT NULL,
    channel character varying(10) NOT NULL,
    purpose character varying(20) NOT NULL,
    is_on boolean NOT NULL,
    because character varying(60) NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    patient_id bigint NOT NULL
);
ALTER TABLE public.post_wish ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.post_wish_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.procrastinate_events (
    id bigint NOT NULL,
    job_id bigint NOT NULL,
    type public.procrastinate_job_event_type,
    at timestamp with time zone DEFAULT now()
);
CREATE SEQUENCE public.procrastinate_events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.procrastinate_events_id_seq OWNED BY public.procrastinate_events.id;
CREATE SEQUENCE public.procrastinate_jobs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.procrastinate_jobs_id_seq OWNED BY public.procrastinate_jobs.id;
CREATE TABLE public.procrastinate_periodic_defers (
    id bigint NOT NULL,
    task_name character varying(128) NOT NULL,
    defer_timestamp bigint,
    job_id bigint,
    periodic_id character varying(128) DEFAULT ''::character varying NOT NULL
);
CREATE SEQUENCE public.procrastinate_periodic_defers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.procrastinate_periodic_defers_id_seq OWNED BY public.procrastinate_periodic_defers.id;
CREATE TABLE public.procrastinate_workers (
    id bigint NOT NULL,
    last_heartbeat timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE public.procrastinate_workers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.procrastinate_workers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.public_billingprovider (
    id bigint NOT NULL,
    uid uuid NOT NULL,
    name character varying(120) NOT NULL,
    npi character varying(10) NOT NULL,
    tin character varying(10) NOT NULL,
    address character varying(200) NOT NULL,
    state character varying(2) NOT NULL,
    active boolean NOT NULL,
    site_id smallint NOT NULL
);
ALTER TABLE public.public_billingprovider ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.public_billingprovider_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.public_centre (
    id bigint NOT NULL,
    uid uuid NOT NULL,
    site smallint,
    name character varying(160) NOT NULL,
    street character varying(160) NOT NULL,
    city character varying(80) NOT NULL,
    state character varying(40) NOT NULL,
    zip character varying(10) NOT NULL,
    lat double precision NOT NULL,
    lon double precision NOT NULL,
    placed character varying(12) NOT NULL,
    phone character varying(40) NOT NULL,
    website character varying(200) NOT NULL,
    npi character varying(10) NOT NULL,
    source character varying(12) NOT NULL,
    listed boolean NOT NULL,
    facts jsonb NOT NULL,
    says character varying(60)[] NOT NULL,
    session_cents integer,
    simulated boolean NOT NULL,
    CONSTRAINT public_centre_on_earth CHECK (((lat >= ('-90.0'::numeric)::double precision) AND (lat <= (90.0)::double precision) AND (lon >= ('-180.0'::numeric)::double precision) AND (lon <= (180.0)::double precision))),
    CONSTRAINT public_centre_session_cents_check CHECK ((session_cents >= 0)),
    CONSTRAINT public_centre_site_check CHECK ((site >= 0))
);
ALTER TABLE public.public_centre ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.public_centre_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.public_centrereport (
    id bigint NOT NULL,
    uid uuid NOT NULL,
    sent_at timestamp with time zone NOT NULL,
    name character varying(120) NOT NULL,
    contact character varying(200) NOT NULL,
    seen_in character varying(7) NOT NULL,
    answers jsonb NOT NULL,
    words character varying(1200) NOT NULL,
    urgent boolean NOT NULL,
    state character varying(10) NOT NULL,
    judged_at timestamp with time zone,
    judged_by character varying(120) NOT NULL,
    why character varying(300) NOT NULL,
    centre_id bigint NOT NULL
);
ALTER TABLE public.public_centrereport ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.public_centrereport_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.public_clinicprice (
    id bigint NOT NULL,
    uid uuid NOT NULL,
    title character varying(120) NOT NULL,
    part character varying(16) NOT NULL,
    route character varying(20) NOT NULL,
    drug character varying(20) NOT NULL,
    per character varying(8) NOT NULL,
    sessions smallint,
    low_cents integer NOT NULL,
    likely_cents integer NOT NULL,
    high_cents integer NOT NULL,
    allowed_cents integer,
    payer character varying(12) NOT NULL,
    code character varying(12) NOT NULL,
    since date NOT NULL,
    until date,
    site_id smallint NOT NULL,
    CONSTRAINT public_clinicprice_allowed_cents_check CHECK ((allowed_cents >= 0)),
    CONSTRAINT public_clinicprice_days CHECK (((until IS NULL) OR (until >= since))),
    CONSTRAINT public_clinicprice_high_cents_check CHECK ((high_cents >= 0)),
    CONSTRAINT public_clinicprice_likely_cents_check CHECK ((likely_cents >= 0)),
    CONSTRAINT public_clinicprice_low_cents_check CHECK ((low_cents >= 0)),
    CONSTRAINT public_clinicprice_rises CHECK (((likely_cents <= high_cents) AND (low_cents <= likely_cents))),
    CONSTRAINT public_clinicprice_sessions_check CHECK ((sessions >= 0))
);
ALTER TABLE public.public_clinicprice ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.public_clinicprice_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.public_enquiry (
    id bigint NOT NULL,
    uid uuid NOT NULL,
    received_at timestamp with time zone NOT NULL,
    channel character varying(8) NOT NULL,
    kind character varying(10) NOT NULL,
    name character varying(120) NOT NULL,
    email character varying(200) NOT NULL,
    phone character varying(40) NOT NULL,
    best_time character varying(120) NOT NULL,
    language character varying(12) NOT NULL,
    words text NOT NULL,
    urgent boolean NOT NULL,
    state character varying(10) NOT NULL,
    first_response_at timestamp with time zone,
    outcome character varying(400) NOT NULL,
    closed_at timestamp with time zone,
    owner_id bigint,
    patient_id bigint,
    site_id smallint NOT NULL
);
ALTER TABLE public.public_enquiry ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.public_enquiry_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.public_estimate (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    number integer NOT NULL,
    code_table character varying(64) NOT NULL,
    asked_on date NOT NULL,
    scheduled_on date,
    due_on date NOT NULL,
    total_cents bigint NOT NULL,
    content jsonb NOT NULL,
    amends_id uuid,
    patient_id bigint NOT NULL,
    CONSTRAINT public_estimate_number_check CHECK ((number >= 0)),
    CONSTRAINT public_estimate_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT public_estimate_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT public_estimate_site_check CHECK ((site >= 0))
);
CREATE TABLE public.public_pageverdict (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    approved boolean NOT NULL,
    clinician boolean NOT NULL,
    due date,
    why text NOT NULL,
    amends_id uuid,
    version_id uuid NOT NULL,
    CONSTRAINT public_pageverdict_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT public_pageverdict_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT public_pageverdict_site_check CHECK ((site >= 0))
);
CREATE TABLE public.public_pageversion (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    page character varying(120) NOT NULL,
    language character varying(12) NOT NULL,
    number integer NOT NULL,
    fields jsonb NOT NULL,
    note text NOT NULL,
    amends_id uuid,
    CONSTRAINT public_pageversion_number_check CHECK ((number >= 0)),
    CONSTRAINT public_pageversion_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT public_pageversion_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT public_pageversion_site_check CHECK ((site >= 0))
);
CREATE TABLE public.public_searchbuild (
    id bigint NOT NULL,
    site smallint NOT NULL,
    language character varying(12) NOT NULL,
    version character varying(120) NOT NULL,
    pages integer NOT NULL,
    CONSTRAINT public_searchbuild_pages_check CHECK ((pages >= 0)),
    CONSTRAINT public_searchbuild_site_check CHECK ((site >= 0))
);
ALTER TABLE public.public_searchbuild ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.public_searchbuild_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.public_searchline (
    id bigint NOT NULL,
    site smallint NOT NULL,
    language character varying(12) NOT NULL,
    page character varying(120) NOT NULL,
    text text NOT NULL,
    weight double precision NOT NULL,
    stems text[] NOT NULL,
    vector tsvector,
    CONSTRAINT public_searchline_site_check CHECK ((site >= 0))
);
ALTER TABLE public.public_searchline ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.public_searchline_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.public_searchword (
    id bigint NOT NULL,
    site smallint NOT NULL,
    language character varying(12) NOT NULL,
    stem character varying(80) NOT NULL,
    pages integer NOT NULL,
    CONSTRAINT public_searchword_pages_check CHECK ((pages >= 0)),
    CONSTRAINT public_searchword_site_check CHECK ((site >= 0))
);
ALTER TABLE public.public_searchword ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.public_searchword_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.public_selfcheckhandover (
    id bigint NOT NULL,
    site smallint NOT NULL,
    uid uuid NOT NULL,
    sent_at timestamp with time zone NOT NULL,
    name character varying(120) NOT NULL,
    contact character varying(200) NOT NULL,
    contact_consent boolean NOT NULL,
    answers jsonb NOT NULL,
    result character varying(40) NOT NULL,
    taken_by character varying(120) NOT NULL,
    taken_at timestamp with time zone,
    CONSTRAINT public_selfcheckhandover_site_check CHECK ((site >= 0))
);
ALTER TABLE public.public_selfcheckhandover ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.public_selfcheckhandover_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.public_selfcheckintake (
    id bigint NOT NULL,
    handover uuid NOT NULL,
    begun_at timestamp with time zone NOT NULL,
    patient_id bigint NOT NULL
);
ALTER TABLE public.public_selfcheckintake ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.public_selfcheckintake_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.public_unansweredquestion (
    id bigint NOT NULL,
    site smallint NOT NULL,
    uid uuid NOT NULL,
    language character varying(12) NOT NULL,
    words character varying(400) NOT NULL,
    "on" date NOT NULL,
    settled_on date,
    settled_by character varying(120) NOT NULL,
    settled_how character varying(200) NOT NULL,
    CONSTRAINT public_unansweredquestion_site_check CHECK ((site >= 0))
);
ALTER TABLE public.public_unansweredquestion ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.public_unansweredquestion_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.public_waytopay (
    id bigint NOT NULL,
    uid uuid NOT NULL,
    kind character varying(16) NOT NULL,
    terms character varying(600) NOT NULL,
    months smallint,
    percent_off numeric(5,2),
    since date NOT NULL,
    until date,
    site_id smallint NOT NULL,
    CONSTRAINT public_waytopay_months_check CHECK ((months >= 0))
);
ALTER TABLE public.public_waytopay ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.public_waytopay_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.record_access (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    patient bigint,
    what character varying(120) NOT NULL,
    path character varying(300) NOT NULL,
    refused boolean NOT NULL,
    why text NOT NULL,
    address character varying(64) NOT NULL,
    amends_id uuid,
    CONSTRAINT record_access_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT record_access_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT record_access_site_check CHECK ((site >= 0))
);
CREATE TABLE public.record_adminchange (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    "table" character varying(60) NOT NULL,
    "row" character varying(60) NOT NULL,
    before jsonb NOT NULL,
    after jsonb NOT NULL,
    amends_id uuid,
    CONSTRAINT record_adminchange_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT record_adminchange_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT record_adminchange_site_check CHECK ((site >= 0))
);
CREATE TABLE public.record_adoption (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    what character varying(40) NOT NULL,
    version character varying(64) NOT NULL,
    content jsonb NOT NULL,
    amends_id uuid,
    CONSTRAINT record_adoption_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT record_adoption_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT record_adoption_site_check CHECK ((site >= 0))
);
CREATE TABLE public.record_decision (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    about character varying(60) NOT NULL,
    subject uuid NOT NULL,
    patient bigint,
    findings jsonb NOT NULL,
    verdict character varying(40) NOT NULL,
    why text NOT NULL,
    inputs jsonb NOT NULL,
    reference_version character varying(64) NOT NULL,
    amends_id uuid,
    CONSTRAINT record_decision_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT record_decision_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT record_decision_site_check CHECK ((site >= 0))
);
CREATE TABLE public.record_head (
    name character varying(40) NOT NULL,
    count bigint NOT NULL,
    hash bytea NOT NULL,
    signed_at timestamp with time zone NOT NULL,
    signature bytea NOT NULL
);
CREATE TABLE public.recovery_addendum (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    text text NOT NULL,
    amends_id uuid,
    session_id bigint NOT NULL,
    CONSTRAINT recovery_addendum_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT recovery_addendum_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT recovery_addendum_site_check CHECK ((site >= 0))
);
CREATE TABLE public.recovery_discharge (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    escort_name character varying(120) NOT NULL,
    handover_at timestamp with time zone NOT NULL,
    instructions character varying(60) NOT NULL,
    findings jsonb NOT NULL,
    amends_id uuid,
    session_id bigint NOT NULL,
    CONSTRAINT recovery_discharge_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT recovery_discharge_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT recovery_discharge_site_check CHECK ((site >= 0))
);
CREATE TABLE public.recovery_recordsignature (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    digest character varying(64) NOT NULL,
    entries integer NOT NULL,
    upto_clinic_seq bigint NOT NULL,
    upto_vitals_seq bigint NOT NULL,
    second_factor character varying(20) NOT NULL,
    amends_id uuid,
    session_id bigint NOT NULL,
    CONSTRAINT recovery_recordsignature_entries_check CHECK ((entries >= 0)),
    CONSTRAINT recovery_recordsignature_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT recovery_recordsignature_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT recovery_recordsignature_site_check CHECK ((site >= 0))
);
CREATE TABLE public.recovery_recoverycheck (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    kind character varying(40) NOT NULL,
    value jsonb NOT NULL,
    amends_id uuid,
    session_id bigint NOT NULL,
    CONSTRAINT recovery_recoverycheck_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT recovery_recoverycheck_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT recovery_recoverycheck_site_check CHECK ((site >= 0))
);
CREATE TABLE public.registry_export (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    purpose text NOT NULL,
    recipient character varying(200) NOT NULL,
    dictionary character varying(20) NOT NULL,
    synthetic boolean NOT NULL,
    people integer NOT NULL,
    courses integer NOT NULL,
    sha256 character varying(64) NOT NULL,
    files jsonb NOT NULL,
    members character varying(16)[] NOT NULL,
    settings jsonb NOT NULL,
    amends_id uuid,
    CONSTRAINT registry_export_courses_check CHECK ((courses >= 0)),
    CONSTRAINT registry_export_people_check CHECK ((people >= 0)),
    CONSTRAINT registry_export_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT registry_export_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT registry_export_site_check CHECK ((site >= 0))
);
CREATE TABLE public.registry_modelfit (
    id bigint NOT NULL,
    instrument character varying(60) NOT NULL,
    family character varying(60) NOT NULL,
    fitted_at timestamp with time zone NOT NULL,
    people integer NOT NULL,
    forms integer NOT NULL,
    result jsonb NOT NULL,
    software character varying(120) NOT NULL,
    site_id smallint NOT NULL,
    CONSTRAINT registry_modelfit_forms_check CHECK ((forms >= 0)),
    CONSTRAINT registry_modelfit_people_check CHECK ((people >= 0))
);
ALTER TABLE public.registry_modelfit ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.registry_modelfit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.registry_scoredsheet (
    assessment uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    patient bigint NOT NULL,
    course bigint,
    scale character varying(60) NOT NULL,
    version character varying(40) NOT NULL,
    definition character varying(64) NOT NULL,
    at timestamp with time zone NOT NULL,
    total double precision,
    ideation double precision,
    superseded boolean NOT NULL,
    CONSTRAINT registry_scoredsheet_site_check CHECK ((site >= 0))
);
CREATE TABLE public.registry_withdrawaltold (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    pseudonym character varying(16) NOT NULL,
    words text NOT NULL,
    amends_id uuid,
    export_id uuid NOT NULL,
    CONSTRAINT registry_withdrawaltold_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT registry_withdrawaltold_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT registry_withdrawaltold_site_check CHECK ((site >= 0))
);
CREATE TABLE public.scales_alert (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    scale character varying(60) NOT NULL,
    item character varying(40) NOT NULL,
    number smallint NOT NULL,
    kind character varying(20) NOT NULL,
    value double precision,
    words text NOT NULL,
    action text NOT NULL,
    amends_id uuid,
    patient_id bigint NOT NULL,
    sheet_id uuid,
    CONSTRAINT scales_alert_number_check CHECK ((number >= 0)),
    CONSTRAINT scales_alert_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT scales_alert_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT scales_alert_site_check CHECK ((site >= 0))
);
CREATE TABLE public.scales_alerttask (
    alert_id uuid NOT NULL,
    due_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone,
    acknowledged_at timestamp with time zone,
    acknowledged_by character varying(120) NOT NULL,
    closed_at timestamp with time zone,
    closed_by character varying(120) NOT NULL,
    note text NOT NULL,
    owner_id bigint,
    site_id smallint NOT NULL
);
CREATE TABLE public.scales_assessment (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    scale character varying(60) NOT NULL,
    version character varying(40) NOT NULL,
    definition character varying(64) NOT NULL,
    recall character varying(120) NOT NULL,
    language character varying(10) NOT NULL,
    answers jsonb NOT NULL,
    channel character varying(20) NOT NULL,
    entered_at timestamp with time zone NOT NULL,
    source_note text NOT NULL,
    stated jsonb NOT NULL,
    discrepancy text NOT NULL,
    amends_id uuid,
    course_id bigint,
    patient_id bigint NOT NULL,
    sheet_id uuid,
    CONSTRAINT scales_assessment_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT scales_assessment_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT scales_assessment_site_check CHECK ((site >= 0))
);
CREATE TABLE public.scales_checkinlink (
    id bigint NOT NULL,
    digest character varying(64) NOT NULL,
    scales jsonb NOT NULL,
    channel character varying(20) NOT NULL,
    why character varying(120) NOT NULL,
    made_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    opened_at timestamp with time zone,
    used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    devices jsonb NOT NULL,
    wrong_years smallint NOT NULL,
    course_id bigint,
    made_by_id bigint,
    patient_id bigint NOT NULL,
    site_id smallint NOT NULL,
    CONSTRAINT scales_checkinlink_wrong_years_check CHECK ((wrong_years >= 0))
);
ALTER TABLE public.scales_checkinlink ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.scales_checkinlink_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.scales_crisishelp (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    line_name character varying(120) NOT NULL,
    line_number character varying(40) NOT NULL,
    words text NOT NULL,
    amends_id uuid,
    CONSTRAINT scales_crisishelp_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT scales_crisishelp_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT scales_crisishelp_site_check CHECK ((site >= 0))
);
CREATE TABLE public.scales_givenanswer (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    item character varying(40) NOT NULL,
    value double precision,
    amends_id uuid,
    patient_id bigint NOT NULL,
    sheet_id uuid NOT NULL,
    CONSTRAINT scales_givenanswer_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT scales_givenanswer_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT scales_givenanswer_site_check CHECK ((site >= 0))
);
CREATE TABLE public.scales_openedsheet (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    scale character varying(60) NOT NULL,
    version character varying(40) NOT NULL,
    definition character varying(64) NOT NULL,
    channel character varying(20) NOT NULL,
    text uuid,
    place smallint NOT NULL,
    amends_id uuid,
    course_id bigint,
    link_id bigint,
    patient_id bigint NOT NULL,
    CONSTRAINT scales_openedsheet_place_check CHECK ((place >= 0)),
    CONSTRAINT scales_openedsheet_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT scales_openedsheet_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT scales_openedsheet_site_check CHECK ((site >= 0))
);
CREATE TABLE public.scales_scaledefinition (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    scale character varying(60) NOT NULL,
    version character varying(40) NOT NULL,
    digest character varying(64) NOT NULL,
    content jsonb NOT NULL,
    amends_id uuid,
    CONSTRAINT scales_scaledefinition_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT scales_scaledefinition_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT scales_scaledefinition_site_check CHECK ((site >= 0))
);
CREATE TABLE public.scales_scaletext (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    scale character varying(60) NOT NULL,
    version character varying(40) NOT NULL,
    language character varying(10) NOT NULL,
    granted_by character varying(200) NOT NULL,
    grant_number character varying(120) NOT NULL,
    granted_on date,
    until date,
    content jsonb NOT NULL,
    definition character varying(64) NOT NULL,
    amends_id uuid,
    CONSTRAINT scales_scaletext_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT scales_scaletext_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT scales_scaletext_site_check CHECK ((site >= 0))
);
CREATE TABLE public.schedule_appointment (
    id bigint NOT NULL,
    uid uuid NOT NULL,
    kind character varying(20) NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    drug character varying(40) NOT NULL,
    route character varying(40) NOT NULL,
    lane smallint,
    lanes smallint,
    state character varying(12) NOT NULL,
    why text NOT NULL,
    series uuid,
    number smallint NOT NULL,
    session_uid uuid,
    order_uid uuid,
    moves smallint NOT NULL,
    booked_at timestamp with time zone NOT NULL,
    note character varying(200) NOT NULL,
    attending_id bigint,
    chair_id bigint,
    course_id bigint,
    nurse_id bigint,
    patient_id bigint NOT NULL,
    site_id smallint NOT NULL,
    room_id bigint,
    CONSTRAINT schedule_appointment_lane_check CHECK ((lane >= 0)),
    CONSTRAINT schedule_appointment_lanes_check CHECK ((lanes >= 0)),
    CONSTRAINT schedule_appointment_moves_check CHECK ((moves >= 0)),
    CONSTRAINT schedule_appointment_number_check CHECK ((number >= 0)),
    CONSTRAINT schedule_session_placed CHECK (((NOT ((kind)::text = 'session'::text)) OR ((chair_id IS NOT NULL) AND (nurse_id IS NOT NULL)))),
    CONSTRAINT schedule_visit_ends CHECK ((ends_at > starts_at)),
    CONSTRAINT schedule_visit_kind CHECK (((kind)::text = ANY ((ARRAY['session'::character varying, 'evaluation'::character varying, 'preparation'::character varying, 'integration'::character varying, 'follow_up'::character varying])::text[]))),
    CONSTRAINT schedule_visit_lane CHECK (((nurse_id IS NULL) OR ((lane >= 1) AND (lane <= lanes) AND (lanes IS NOT NULL)))),
    CONSTRAINT schedule_visit_state CHECK (((state)::text = ANY ((ARRAY['booked'::character varying, 'arrived'::character varying, 'done'::character varying, 'cancelled'::character varying, 'no_show'::character varying])::text[])))
);
ALTER TABLE public.schedule_appointment ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.schedule_appointment_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.schedule_calendarlink (
    id bigint NOT NULL,
    digest character varying(64) NOT NULL,
    made_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    read_at timestamp with time zone,
    patient_id bigint,
    site_id smallint NOT NULL,
    staff_id bigint,
    CONSTRAINT schedule_link_of_one CHECK ((((staff_id IS NULL) OR (patient_id IS NULL)) AND (1 = (
CASE
    WHEN (staff_id IS NULL) THEN 1
    ELSE 0
END +
CASE
    WHEN (patient_id IS NULL) THEN 1
    ELSE 0
END))))
);
ALTER TABLE public.schedule_calendarlink ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.schedule_calendarlink_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.schedule_chair (
    id bigint NOT NULL,
    name character varying(40) NOT NULL,
    "order" smallint NOT NULL,
    bed character varying(60) NOT NULL,
    site_id smallint NOT NULL,
    is_used boolean NOT NULL,
    room_id bigint,
    CONSTRAINT schedule_chair_order_check CHECK (("order" >= 0))
);
ALTER TABLE public.schedule_chair ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.schedule_chair_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.schedule_competence (
    id bigint NOT NULL,
    kind character varying(40) NOT NULL,
    number character varying(60) NOT NULL,
    valid_from date NOT NULL,
    valid_until date,
    keeper character varying(120) NOT NULL,
    taken_back boolean NOT NULL,
    site_id smallint NOT NULL,
    staff_id bigint NOT NULL
);
ALTER TABLE public.schedule_competence ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.schedule_competence_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.schedule_confirmlink (
    id bigint NOT NULL,
    digest character varying(64) NOT NULL,
    good_until timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    closed boolean NOT NULL,
    appointment_id bigint NOT NULL
);
ALTER TABLE public.schedule_confirmlink ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.schedule_confirmlink_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.schedule_gateoverride (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    gate character varying(30) NOT NULL,
    against text NOT NULL,
    why text NOT NULL,
    amends_id uuid,
    appointment_id bigint NOT NULL,
    patient_id bigint NOT NULL,
    CONSTRAINT schedule_gateoverride_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT schedule_gateoverride_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT schedule_gateoverride_site_check CHECK ((site >= 0))
);
CREATE TABLE public.schedule_gatetask (
    id bigint NOT NULL,
    gate character varying(30) NOT NULL,
    due_at timestamp with time zone NOT NULL,
    appointment_id bigint NOT NULL,
    owner_id bigint NOT NULL
);
ALTER TABLE public.schedule_gatetask ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.schedule_gatetask_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.schedule_room (
    id bigint NOT NULL,
    name character varying(40) NOT NULL,
    "order" smallint NOT NULL,
    is_used boolean NOT NULL,
    site_id smallint NOT NULL,
    CONSTRAINT schedule_room_order_check CHECK (("order" >= 0))
);
ALTER TABLE public.schedule_room ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.schedule_room_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.schedule_shift (
    id bigint NOT NULL,
    role character varying(20) NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    site_id smallint NOT NULL,
    staff_id bigint NOT NULL,
    CONSTRAINT schedule_shift_ends CHECK ((ends_at > starts_at))
);
ALTER TABLE public.schedule_shift ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.schedule_shift_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.schedule_visitanswer (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    kind character varying(20) NOT NULL,
    value jsonb NOT NULL,
    amends_id uuid,
    appointment_id bigint NOT NULL,
    patient_id bigint NOT NULL,
    CONSTRAINT schedule_visitanswer_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT schedule_visitanswer_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT schedule_visitanswer_site_check CHECK ((site >= 0))
);
CREATE TABLE public.schedule_waiting (
    id bigint NOT NULL,
    uid uuid NOT NULL,
    kind character varying(20) NOT NULL,
    from_day date NOT NULL,
    until_day date NOT NULL,
    weekdays smallint[] NOT NULL,
    note character varying(200) NOT NULL,
    state character varying(12) NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    course_id bigint,
    patient_id bigint NOT NULL,
    site_id smallint NOT NULL
);
ALTER TABLE public.schedule_waiting ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.schedule_waiting_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.session_check (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    kind character varying(40) NOT NULL,
    value jsonb NOT NULL,
    amends_id uuid,
    session_id bigint NOT NULL,
    CONSTRAINT session_check_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT session_check_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT session_check_site_check CHECK ((site >= 0))
);
CREATE TABLE public.session_dose (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    kind character varying(20) NOT NULL,
    drug character varying(40) NOT NULL,
    route character varying(40) NOT NULL,
    amount_mg double precision,
    amount_ml double precision,
    over_s double precision NOT NULL,
    from_bag boolean NOT NULL,
    rate_mg_per_h double precision,
    rate_ml_per_h double precision,
    concentration_mg_per_ml double precision,
    bag_ml double precision,
    lot character varying(60) NOT NULL,
    pump_volume_ml double precision,
    why text NOT NULL,
    amends_id uuid,
    session_id bigint NOT NULL,
    CONSTRAINT session_dose_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT session_dose_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT session_dose_site_check CHECK ((site >= 0))
);
CREATE TABLE public.session_event (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    kind character varying(30) NOT NULL,
    key character varying(40) NOT NULL,
    label character varying(200) NOT NULL,
    grade smallint,
    value jsonb NOT NULL,
    text text NOT NULL,
    amends_id uuid,
    session_id bigint NOT NULL,
    CONSTRAINT session_event_grade_check CHECK ((grade >= 0)),
    CONSTRAINT session_event_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT session_event_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT session_event_site_check CHECK ((site >= 0))
);
CREATE TABLE public.session_gateentry (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    attempt smallint NOT NULL,
    place smallint NOT NULL,
    order_uid uuid NOT NULL,
    drug character varying(40) NOT NULL,
    numbers jsonb NOT NULL,
    lots jsonb NOT NULL,
    seat character varying(64) NOT NULL,
    amends_id uuid,
    session_id bigint NOT NULL,
    CONSTRAINT session_gateentry_attempt_check CHECK ((attempt >= 0)),
    CONSTRAINT session_gateentry_place_check CHECK ((place >= 0)),
    CONSTRAINT session_gateentry_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT session_gateentry_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT session_gateentry_site_check CHECK ((site >= 0))
);
CREATE TABLE public.session_gateresult (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    attempt smallint NOT NULL,
    kind character varying(12) NOT NULL,
    order_uid uuid NOT NULL,
    first uuid,
    second uuid,
    first_by character varying(120) NOT NULL,
    second_by character varying(120) NOT NULL,
    rows jsonb NOT NULL,
    why jsonb NOT NULL,
    vial jsonb NOT NULL,
    draw_ml numeric(9,3),
    draw_mg numeric(9,3),
    second_factor character varying(20) NOT NULL,
    amends_id uuid,
    session_id bigint NOT NULL,
    CONSTRAINT session_gateresult_attempt_check CHECK ((attempt >= 0)),
    CONSTRAINT session_gateresult_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT session_gateresult_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT session_gateresult_site_check CHECK ((site >= 0))
);
CREATE TABLE public.session_photo (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    caption character varying(200) NOT NULL,
    media_type character varying(30) NOT NULL,
    sha256 character varying(64) NOT NULL,
    size integer NOT NULL,
    amends_id uuid,
    session_id bigint NOT NULL,
    CONSTRAINT session_photo_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT session_photo_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT session_photo_site_check CHECK ((site >= 0)),
    CONSTRAINT session_photo_size_check CHECK ((size >= 0))
);
CREATE TABLE public.session_sessionmove (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    move character varying(20) NOT NULL,
    state character varying(20) NOT NULL,
    because jsonb NOT NULL,
    amends_id uuid,
    session_id bigint NOT NULL,
    CONSTRAINT session_sessionmove_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT session_sessionmove_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT session_sessionmove_site_check CHECK ((site >= 0))
);
CREATE TABLE public.session_treatmentsession (
    id bigint NOT NULL,
    uid uuid NOT NULL,
    booked_for timestamp with time zone NOT NULL,
    state character varying(20) NOT NULL,
    number smallint NOT NULL,
    drill boolean NOT NULL,
    chair_id bigint,
    course_id bigint NOT NULL,
    nurse_id bigint,
    order_id uuid,
    patient_id bigint NOT NULL,
    site_id smallint NOT NULL,
    CONSTRAINT session_treatmentsession_number_check CHECK ((number >= 0))
);
ALTER TABLE public.session_treatmentsession ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.session_treatmentsession_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.stock_casestep (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    witness_id bigint,
    witness_name character varying(120) NOT NULL,
    witness_how character varying(20) NOT NULL,
    kind character varying(20) NOT NULL,
    text text NOT NULL,
    value jsonb NOT NULL,
    amends_id uuid,
    case_id uuid NOT NULL,
    CONSTRAINT stock_casestep_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT stock_casestep_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT stock_casestep_site_check CHECK ((site >= 0))
);
CREATE TABLE public.stock_countresult (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    first_name character varying(120) NOT NULL,
    second_name character varying(120) NOT NULL,
    agreed boolean NOT NULL,
    rows jsonb NOT NULL,
    line character varying(64) NOT NULL,
    line_no bigint NOT NULL,
    amends_id uuid,
    count_id uuid NOT NULL,
    CONSTRAINT stock_countresult_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT stock_countresult_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT stock_countresult_site_check CHECK ((site >= 0))
);
CREATE TABLE public.stock_countsheet (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    "values" jsonb NOT NULL,
    upto_line bigint NOT NULL,
    amends_id uuid,
    count_id uuid NOT NULL,
    CONSTRAINT stock_countsheet_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT stock_countsheet_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT stock_countsheet_site_check CHECK ((site >= 0))
);
CREATE TABLE public.stock_inventory (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    witness_id bigint,
    witness_name character varying(120) NOT NULL,
    witness_how character varying(20) NOT NULL,
    kind character varying(20) NOT NULL,
    taken_on date NOT NULL,
    at_the character varying(10) NOT NULL,
    rows jsonb NOT NULL,
    second_factor character varying(20) NOT NULL,
    amends_id uuid,
    result_id uuid,
    CONSTRAINT stock_inventory_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT stock_inventory_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT stock_inventory_site_check CHECK ((site >= 0))
);
CREATE TABLE public.stock_lossreport (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    discovered_at timestamp with time zone NOT NULL,
    notice_due timestamp with time zone NOT NULL,
    form_due timestamp with time zone NOT NULL,
    significant boolean,
    factors text NOT NULL,
    "values" jsonb NOT NULL,
    amends_id uuid,
    case_id uuid NOT NULL,
    CONSTRAINT stock_lossreport_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT stock_lossreport_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT stock_lossreport_site_check CHECK ((site >= 0))
);
CREATE TABLE public.stock_receipt (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    witness_id bigint,
    witness_name character varying(120) NOT NULL,
    witness_how character varying(20) NOT NULL,
    received_on date NOT NULL,
    supplier character varying(120) NOT NULL,
    supplier_address character varying(200) NOT NULL,
    supplier_dea character varying(20) NOT NULL,
    invoice character varying(60) NOT NULL,
    drug character varying(40) NOT NULL,
    product character varying(160) NOT NULL,
    ndc character varying(40) NOT NULL,
    lot character varying(60) NOT NULL,
    expires date NOT NULL,
    vials integer NOT NULL,
    content_mg numeric(10,2) NOT NULL,
    note text NOT NULL,
    amends_id uuid,
    CONSTRAINT stock_receipt_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT stock_receipt_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT stock_receipt_site_check CHECK ((site >= 0)),
    CONSTRAINT stock_receipt_vials_check CHECK ((vials >= 0))
);
CREATE TABLE public.stock_shipment (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    witness_id bigint,
    witness_name character varying(120) NOT NULL,
    witness_how character varying(20) NOT NULL,
    kind character varying(20) NOT NULL,
    receiver character varying(160) NOT NULL,
    receiver_dea character varying(20) NOT NULL,
    carrier character varying(120) NOT NULL,
    form_number character varying(60) NOT NULL,
    vials jsonb NOT NULL,
    total_mg numeric(12,2) NOT NULL,
    note text NOT NULL,
    amends_id uuid,
    CONSTRAINT stock_shipment_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT stock_shipment_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT stock_shipment_site_check CHECK ((site >= 0))
);
CREATE TABLE public.stock_stockcase (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    label character varying(200) NOT NULL,
    drug character varying(40) NOT NULL,
    lot character varying(60) NOT NULL,
    vials jsonb NOT NULL,
    expected numeric(12,4) NOT NULL,
    counted numeric(12,4) NOT NULL,
    unit character varying(10) NOT NULL,
    difference_mg numeric(10,2) NOT NULL,
    found_by jsonb NOT NULL,
    count_uid uuid,
    window_from timestamp with time zone,
    window_to timestamp with time zone NOT NULL,
    people jsonb NOT NULL,
    note text NOT NULL,
    amends_id uuid,
    CONSTRAINT stock_stockcase_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT stock_stockcase_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT stock_stockcase_site_check CHECK ((site >= 0))
);
CREATE TABLE public.stock_stockcount (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    kind character varying(20) NOT NULL,
    case_uid uuid,
    groups jsonb NOT NULL,
    amends_id uuid,
    CONSTRAINT stock_stockcount_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT stock_stockcount_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT stock_stockcount_site_check CHECK ((site >= 0))
);
CREATE TABLE public.stock_stockline (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    witness_id bigint,
    witness_name character varying(120) NOT NULL,
    witness_how character varying(20) NOT NULL,
    line_no bigint NOT NULL,
    kind character varying(20) NOT NULL,
    mg numeric(10,2) NOT NULL,
    ml numeric(10,4) NOT NULL,
    vial_change_mg numeric(10,2) NOT NULL,
    out_change_mg numeric(10,2) NOT NULL,
    balance_mg numeric(10,2) NOT NULL,
    balance_ml numeric(10,4) NOT NULL,
    out_mg numeric(10,2) NOT NULL,
    place character varying(60) NOT NULL,
    session_uid uuid,
    order_uid uuid,
    patient bigint,
    counted_mg numeric(10,2),
    belongs_to uuid,
    note text NOT NULL,
    detail jsonb NOT NULL,
    prev_line character varying(64) NOT NULL,
    line character varying(64) NOT NULL,
    amends_id uuid,
    vial_id uuid NOT NULL,
    CONSTRAINT stock_line_not_negative CHECK (((balance_mg >= (0)::numeric) AND (mg >= (0)::numeric) AND (out_mg >= (0)::numeric))),
    CONSTRAINT stock_line_session CHECK (((out_change_mg = (0)::numeric) OR (session_uid IS NOT NULL))),
    CONSTRAINT stock_line_two_people CHECK (((witness_id IS NULL) OR (NOT ((witness_id = by_id) AND (witness_id IS NOT NULL) AND (by_id IS NOT NULL))))),
    CONSTRAINT stock_line_witnessed CHECK ((((kind)::text = ANY ((ARRAY['issued'::character varying, 'stored'::character varying, 'given'::character varying, 'given_less'::character varying])::text[])) OR (witness_id IS NOT NULL))),
    CONSTRAINT stock_stockline_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT stock_stockline_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT stock_stockline_site_check CHECK ((site >= 0))
);
CREATE TABLE public.stock_vial (
    uid uuid NOT NULL,
    code character varying(20) NOT NULL,
    drug character varying(40) NOT NULL,
    product character varying(160) NOT NULL,
    is_device boolean NOT NULL,
    concentration_mg_per_ml numeric(9,4) NOT NULL,
    volume_ml numeric(10,4) NOT NULL,
    content_mg numeric(10,2) NOT NULL,
    ndc character varying(40) NOT NULL,
    lot character varying(60) NOT NULL,
    expires date NOT NULL,
    mg numeric(10,2) NOT NULL,
    ml numeric(10,4) NOT NULL,
    place character varying(60) NOT NULL,
    lines integer NOT NULL,
    receipt_id uuid NOT NULL,
    site_id smallint NOT NULL,
    CONSTRAINT stock_vial_lines_check CHECK ((lines >= 0)),
    CONSTRAINT stock_vial_not_negative CHECK (((mg >= (0)::numeric) AND (ml >= (0)::numeric))),
    CONSTRAINT stock_vial_not_over_full CHECK ((mg <= content_mg))
);
CREATE TABLE public.therapy_breakglass (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    why text NOT NULL,
    second_factor character varying(20) NOT NULL,
    notes integer NOT NULL,
    told integer NOT NULL,
    amends_id uuid,
    therapy_id bigint NOT NULL,
    CONSTRAINT therapy_breakglass_notes_check CHECK ((notes >= 0)),
    CONSTRAINT therapy_breakglass_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT therapy_breakglass_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT therapy_breakglass_site_check CHECK ((site >= 0)),
    CONSTRAINT therapy_breakglass_told_check CHECK ((told >= 0))
);
CREATE TABLE public.therapy_clearance (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    cleared boolean NOT NULL,
    words character varying(300) NOT NULL,
    amends_id uuid,
    therapy_id bigint NOT NULL,
    CONSTRAINT therapy_clearance_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT therapy_clearance_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT therapy_clearance_site_check CHECK ((site >= 0))
);
CREATE TABLE public.therapy_goal (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    kind character varying(10) NOT NULL,
    due_on date,
    sealed text NOT NULL,
    amends_id uuid,
    therapy_id bigint NOT NULL,
    CONSTRAINT therapy_goal_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT therapy_goal_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT therapy_goal_site_check CHECK ((site >= 0))
);
CREATE TABLE public.therapy_goalstep (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    state character varying(10) NOT NULL,
    sealed text NOT NULL,
    amends_id uuid,
    goal_id uuid NOT NULL,
    therapy_id bigint NOT NULL,
    CONSTRAINT therapy_goalstep_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT therapy_goalstep_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT therapy_goalstep_site_check CHECK ((site >= 0))
);
CREATE TABLE public.therapy_group (
    id bigint NOT NULL,
    uid uuid NOT NULL,
    title character varying(120) NOT NULL,
    held_at timestamp with time zone NOT NULL,
    site_id smallint NOT NULL,
    therapist_id bigint NOT NULL
);
ALTER TABLE public.therapy_group ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.therapy_group_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.therapy_group_members (
    id bigint NOT NULL,
    group_id bigint NOT NULL,
    therapy_id bigint NOT NULL
);
ALTER TABLE public.therapy_group_members ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.therapy_group_members_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.therapy_groupnote (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    sealed text NOT NULL,
    amends_id uuid,
    group_id bigint NOT NULL,
    CONSTRAINT therapy_groupnote_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT therapy_groupnote_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT therapy_groupnote_site_check CHECK ((site >= 0))
);
CREATE TABLE public.therapy_itemsettled (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    words character varying(300) NOT NULL,
    amends_id uuid,
    item_id uuid NOT NULL,
    therapy_id bigint NOT NULL,
    CONSTRAINT therapy_itemsettled_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT therapy_itemsettled_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT therapy_itemsettled_site_check CHECK ((site >= 0))
);
CREATE TABLE public.therapy_journal (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    kind character varying(10) NOT NULL,
    share character varying(10) NOT NULL,
    sealed text NOT NULL,
    amends_id uuid,
    patient_id bigint NOT NULL,
    CONSTRAINT therapy_journal_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT therapy_journal_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT therapy_journal_site_check CHECK ((site >= 0))
);
CREATE TABLE public.therapy_journalshare (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    share character varying(10) NOT NULL,
    amends_id uuid,
    page_id uuid NOT NULL,
    CONSTRAINT therapy_journalshare_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT therapy_journalshare_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT therapy_journalshare_site_check CHECK ((site >= 0))
);
CREATE TABLE public.therapy_note (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    kind character varying(20) NOT NULL,
    value jsonb NOT NULL,
    sealed text NOT NULL,
    amends_id uuid,
    group_id bigint,
    session_id bigint,
    therapy_id bigint NOT NULL,
    CONSTRAINT therapy_note_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT therapy_note_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT therapy_note_site_check CHECK ((site >= 0))
);
CREATE TABLE public.therapy_openitem (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    text character varying(300) NOT NULL,
    amends_id uuid,
    therapy_id bigint NOT NULL,
    CONSTRAINT therapy_openitem_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT therapy_openitem_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT therapy_openitem_site_check CHECK ((site >= 0))
);
CREATE TABLE public.therapy_summary (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    sealed text NOT NULL,
    amends_id uuid,
    therapy_id bigint NOT NULL,
    CONSTRAINT therapy_summary_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT therapy_summary_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT therapy_summary_site_check CHECK ((site >= 0))
);
CREATE TABLE public.therapy_summaryword (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    agreed boolean NOT NULL,
    place character varying(20) NOT NULL,
    amends_id uuid,
    summary_id uuid NOT NULL,
    therapy_id bigint NOT NULL,
    CONSTRAINT therapy_summaryword_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT therapy_summaryword_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT therapy_summaryword_site_check CHECK ((site >= 0))
);
CREATE TABLE public.therapy_supervision (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    amends_id uuid,
    supervisor_id bigint,
    therapy_id bigint NOT NULL,
    CONSTRAINT therapy_supervision_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT therapy_supervision_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT therapy_supervision_site_check CHECK ((site >= 0))
);
CREATE TABLE public.therapy_therapy (
    id bigint NOT NULL,
    uid uuid NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    course_id bigint NOT NULL,
    patient_id bigint NOT NULL,
    site_id smallint NOT NULL,
    therapist_id bigint NOT NULL
);
ALTER TABLE public.therapy_therapy ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.therapy_therapy_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.vitals_attachment (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    start timestamp with time zone NOT NULL,
    "end" timestamp with time zone,
    amends_id uuid,
    patient_id bigint,
    device_id bigint NOT NULL,
    CONSTRAINT vitals_attachment_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT vitals_attachment_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT vitals_attachment_site_check CHECK ((site >= 0))
);
CREATE TABLE public.vitals_device (
    id bigint NOT NULL,
    key character varying(120) NOT NULL,
    name character varying(60) NOT NULL,
    claimed boolean NOT NULL,
    first_seen_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    chair_id bigint,
    site_id smallint NOT NULL
);
ALTER TABLE public.vitals_device ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.vitals_device_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.vitals_message (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    gateway character varying(60) NOT NULL,
    sequence bigint NOT NULL,
    control_id character varying(200) NOT NULL,
    device_time timestamp with time zone,
    received_at timestamp with time zone NOT NULL,
    patient_id_sent character varying(120) NOT NULL,
    patient_name_sent character varying(200) NOT NULL,
    bed_sent character varying(120) NOT NULL,
    mode character varying(10) NOT NULL,
    notes jsonb NOT NULL,
    rejected_code character varying(4) NOT NULL,
    rejected_reason text NOT NULL,
    raw bytea,
    amends_id uuid,
    device_id bigint,
    CONSTRAINT vitals_message_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT vitals_message_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT vitals_message_site_check CHECK ((site >= 0))
);
CREATE TABLE public.vitals_reading (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    index smallint NOT NULL,
    signal character varying(40) NOT NULL,
    value double precision,
    quality character varying(12) NOT NULL,
    why character varying(200) NOT NULL,
    probe character varying(80) NOT NULL,
    source character varying(10) NOT NULL,
    mode character varying(10) NOT NULL,
    code_sent character varying(120) NOT NULL,
    unit_sent character varying(80) NOT NULL,
    value_sent character varying(80) NOT NULL,
    amends_id uuid,
    device_id bigint,
    message_id uuid,
    patient_id bigint,
    CONSTRAINT vitals_reading_index_check CHECK ((index >= 0)),
    CONSTRAINT vitals_reading_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT vitals_reading_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT vitals_reading_site_check CHECK ((site >= 0)),
    CONSTRAINT vitals_reading_whose CHECK ((((device_id IS NOT NULL) AND (patient_id IS NULL)) OR ((device_id IS NULL) AND (patient_id IS NOT NULL))))
);
CREATE TABLE public.vitals_readingmark (
    uid uuid NOT NULL,
    site smallint NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id bigint,
    by_name character varying(120) NOT NULL,
    reason text NOT NULL,
    retracted boolean NOT NULL,
    hash bytea NOT NULL,
    signal character varying(40) NOT NULL,
    start timestamp with time zone NOT NULL,
    "end" timestamp with time zone NOT NULL,
    why character varying(200) NOT NULL,
    amends_id uuid,
    patient_id bigint NOT NULL,
    CONSTRAINT vitals_readingmark_reason CHECK (((amends_id IS NULL) OR (NOT (reason = ''::text)))),
    CONSTRAINT vitals_readingmark_retracts CHECK (((NOT retracted) OR (amends_id IS NOT NULL))),
    CONSTRAINT vitals_readingmark_site_check CHECK ((site >= 0))
);
CREATE UNLOGGED TABLE public.web_cache (
    cache_key character varying(255) NOT NULL,
    value text NOT NULL,
    expires timestamp with time zone NOT NULL
);
ALTER TABLE ONLY public.procrastinate_events ALTER COLUMN id SET DEFAULT nextval('public.procrastinate_events_id_seq'::regclass);
ALTER TABLE ONLY public.procrastinate_jobs ALTER COLUMN id SET DEFAULT nextval('public.procrastinate_jobs_id_seq'::regclass);
ALTER TABLE ONLY public.procrastinate_periodic_defers ALTER COLUMN id SET DEFAULT nextval('public.procrastinate_periodic_defers_id_seq'::regclass);
ALTER TABLE ONLY public.account_emailaddress
    ADD CONSTRAINT account_emailaddress_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.account_emailaddress
    ADD CONSTRAINT account_emailaddress_user_id_email_987c8728_uniq UNIQUE (user_id, email);
ALTER TABLE ONLY public.account_emailconfirmation
    ADD CONSTRAINT account_emailconfirmation_key_key UNIQUE (key);
ALTER TABLE ONLY public.account_emailconfirmation
    ADD CONSTRAINT account_emailconfirmation_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_group
    ADD CONSTRAINT auth_group_name_key UNIQUE (name);
ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_group_id_permission_id_0cd325b0_uniq UNIQUE (group_id, permission_id);
ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_group
    ADD CONSTRAINT auth_group_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_permission
    ADD CONSTRAINT auth_permission_content_type_id_codename_01ab375a_uniq UNIQUE (content_type_id, codename);
ALTER TABLE ONLY public.auth_permission
    ADD CONSTRAINT auth_permission_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.axes_accessattempt
    ADD CONSTRAINT axes_accessattempt_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.axes_accessattempt
    ADD CONSTRAINT axes_accessattempt_username_ip_address_user_agent_8ea22282_uniq UNIQUE (username, ip_address, user_agent);
ALTER TABLE ONLY public.axes_accessattemptexpiration
    ADD CONSTRAINT axes_accessattemptexpiration_pkey PRIMARY KEY (access_attempt_id);
ALTER TABLE ONLY public.axes_accessfailurelog
    ADD CONSTRAINT axes_accessfailurelog_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.axes_accesslog
    ADD CONSTRAINT axes_accesslog_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.candidacy_considered
    ADD CONSTRAINT candidacy_considered_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.candidacy_considered
    ADD CONSTRAINT candidacy_considered_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.candidacy_decision
    ADD CONSTRAINT candidacy_decision_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.candidacy_decision
    ADD CONSTRAINT candidacy_decision_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.candidacy_measured
    ADD CONSTRAINT candidacy_measured_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.candidacy_measured
    ADD CONSTRAINT candidacy_measured_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.candidacy_override
    ADD CONSTRAINT candidacy_override_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.candidacy_override
    ADD CONSTRAINT candidacy_override_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.consent_answer
    ADD CONSTRAINT consent_answer_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.consent_answer
    ADD CONSTRAINT consent_answer_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.consent_question
    ADD CONSTRAINT consent_question_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.consent_question
    ADD CONSTRAINT consent_question_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.consent_signature
    ADD CONSTRAINT consent_signature_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.consent_signature
    ADD CONSTRAINT consent_signature_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.consent_verdict
    ADD CONSTRAINT consent_verdict_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.consent_verdict
    ADD CONSTRAINT consent_verdict_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.consent_version
    ADD CONSTRAINT consent_version_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.consent_version
    ADD CONSTRAINT consent_version_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.consent_withdrawal
    ADD CONSTRAINT consent_withdrawal_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.consent_withdrawal
    ADD CONSTRAINT consent_withdrawal_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.consent_witness
    ADD CONSTRAINT consent_witness_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.consent_witness
    ADD CONSTRAINT consent_witness_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.consent_witness
    ADD CONSTRAINT consent_witness_signature_id_key UNIQUE (signature_id);
ALTER TABLE ONLY public.course_course
    ADD CONSTRAINT course_course_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.course_coursefact
    ADD CONSTRAINT course_coursefact_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.course_coursefact
    ADD CONSTRAINT course_coursefact_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.course_coursemove
    ADD CONSTRAINT course_coursemove_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.course_coursemove
    ADD CONSTRAINT course_coursemove_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.django_content_type
    ADD CONSTRAINT django_content_type_app_label_model_76bd3d3b_uniq UNIQUE (app_label, model);
ALTER TABLE ONLY public.django_content_type
    ADD CONSTRAINT django_content_type_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.django_migrations
    ADD CONSTRAINT django_migrations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.django_session
    ADD CONSTRAINT django_session_pkey PRIMARY KEY (session_key);
ALTER TABLE ONLY public.followup_contactattempt
    ADD CONSTRAINT followup_contactattempt_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.followup_contactattempt
    ADD CONSTRAINT followup_contactattempt_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.followup_followupowner
    ADD CONSTRAINT followup_followupowner_pkey PRIMARY KEY (course_id);
ALTER TABLE ONLY public.followup_followupstop
    ADD CONSTRAINT followup_followupstop_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.followup_followupstop
    ADD CONSTRAINT followup_followupstop_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.followup_pointending
    ADD CONSTRAINT followup_pointending_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.followup_pointending
    ADD CONSTRAINT followup_pointending_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.followup_reminder
    ADD CONSTRAINT followup_reminder_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.followup_reminder
    ADD CONSTRAINT followup_reminder_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.followup_watchsignal
    ADD CONSTRAINT followup_watchsignal_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.followup_watchsignal
    ADD CONSTRAINT followup_watchsignal_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.followup_watchtask
    ADD CONSTRAINT followup_watchtask_pkey PRIMARY KEY (signal_id);
ALTER TABLE ONLY public.intake_answer
    ADD CONSTRAINT intake_answer_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.intake_answer
    ADD CONSTRAINT intake_answer_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.intake_draft
    ADD CONSTRAINT intake_draft_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.intake_insurancecard
    ADD CONSTRAINT intake_insurancecard_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.intake_insurancecard
    ADD CONSTRAINT intake_insurancecard_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.intake_intake
    ADD CONSTRAINT intake_intake_patient_id_key UNIQUE (patient_id);
ALTER TABLE ONLY public.intake_intake
    ADD CONSTRAINT intake_intake_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.intake_medicineline
    ADD CONSTRAINT intake_medicineline_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.intake_medicineline
    ADD CONSTRAINT intake_medicineline_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.intake_safetycall
    ADD CONSTRAINT intake_safetycall_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.intake_safetycall
    ADD CONSTRAINT intake_safetycall_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.intake_trialline
    ADD CONSTRAINT intake_trialline_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.intake_trialline
    ADD CONSTRAINT intake_trialline_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.mfa_authenticator
    ADD CONSTRAINT mfa_authenticator_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.monitoring_alarmevent
    ADD CONSTRAINT monitoring_alarmevent_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.monitoring_alarmevent
    ADD CONSTRAINT monitoring_alarmevent_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.monitoring_drillresult
    ADD CONSTRAINT monitoring_drillresult_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.monitoring_drillresult
    ADD CONSTRAINT monitoring_drillresult_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.monitoring_heartbeat
    ADD CONSTRAINT monitoring_heartbeat_pkey PRIMARY KEY (part);
ALTER TABLE ONLY public.monitoring_limitchange
    ADD CONSTRAINT monitoring_limitchange_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.monitoring_limitchange
    ADD CONSTRAINT monitoring_limitchange_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.people_apitoken
    ADD CONSTRAINT people_apitoken_digest_key UNIQUE (digest);
ALTER TABLE ONLY public.people_apitoken
    ADD CONSTRAINT people_apitoken_name_key UNIQUE (name);
ALTER TABLE ONLY public.people_apitoken
    ADD CONSTRAINT people_apitoken_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.people_patient
    ADD CONSTRAINT people_patient_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.people_patientnote
    ADD CONSTRAINT people_patientnote_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.people_patientnote
    ADD CONSTRAINT people_patientnote_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.people_rosterplace
    ADD CONSTRAINT people_rosterplace_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.people_site
    ADD CONSTRAINT people_site_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.people_user
    ADD CONSTRAINT people_user_email_key UNIQUE (email);
ALTER TABLE ONLY public.people_user
    ADD CONSTRAINT people_user_patient_id_key UNIQUE (patient_id);
ALTER TABLE ONLY public.people_user
    ADD CONSTRAINT people_user_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.people_user_sites
    ADD CONSTRAINT people_user_sites_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.people_user_sites
    ADD CONSTRAINT people_user_sites_user_id_site_id_16fb8553_uniq UNIQUE (user_id, site_id);
ALTER TABLE ONLY public.plan_order
    ADD CONSTRAINT plan_order_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.plan_order
    ADD CONSTRAINT plan_order_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.plan_plan
    ADD CONSTRAINT plan_plan_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.plan_plan
    ADD CONSTRAINT plan_plan_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.portal_caregiver
    ADD CONSTRAINT portal_caregiver_digest_key UNIQUE (digest);
ALTER TABLE ONLY public.portal_caregiver
    ADD CONSTRAINT portal_caregiver_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.portal_caregiver
    ADD CONSTRAINT portal_caregiver_uid_key UNIQUE (uid);
ALTER TABLE ONLY public.portal_cleared
    ADD CONSTRAINT portal_cleared_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.portal_datarequest
    ADD CONSTRAINT portal_datarequest_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.portal_datarequest
    ADD CONSTRAINT portal_datarequest_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.portal_registration
    ADD CONSTRAINT portal_registration_digest_key UNIQUE (digest);
ALTER TABLE ONLY public.portal_registration
    ADD CONSTRAINT portal_registration_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.portal_requeststep
    ADD CONSTRAINT portal_requeststep_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.portal_requeststep
    ADD CONSTRAINT portal_requeststep_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.post_answertime
    ADD CONSTRAINT post_answertime_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.post_answertime
    ADD CONSTRAINT post_answertime_site_id_key UNIQUE (site_id);
ALTER TABLE ONLY public.post_enclosure
    ADD CONSTRAINT post_enclosure_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.post_enclosure
    ADD CONSTRAINT post_enclosure_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.post_letter
    ADD CONSTRAINT post_letter_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.post_letter
    ADD CONSTRAINT post_letter_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.post_outmessage
    ADD CONSTRAINT post_outmessage_once_key UNIQUE (once);
ALTER TABLE ONLY public.post_outmessage
    ADD CONSTRAINT post_outmessage_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.post_outmessage
    ADD CONSTRAINT post_outmessage_uid_key UNIQUE (uid);
ALTER TABLE ONLY public.post_reach
    ADD CONSTRAINT post_reach_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.post_seen
    ADD CONSTRAINT post_seen_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.post_seen
    ADD CONSTRAINT post_seen_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.post_thread
    ADD CONSTRAINT post_thread_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.post_thread
    ADD CONSTRAINT post_thread_uid_key UNIQUE (uid);
ALTER TABLE ONLY public.post_wish
    ADD CONSTRAINT post_wish_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.procrastinate_events
    ADD CONSTRAINT procrastinate_events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.procrastinate_jobs
    ADD CONSTRAINT procrastinate_jobs_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.procrastinate_periodic_defers
    ADD CONSTRAINT procrastinate_periodic_defers_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.procrastinate_periodic_defers
    ADD CONSTRAINT procrastinate_periodic_defers_unique UNIQUE (task_name, periodic_id, defer_timestamp);
ALTER TABLE ONLY public.procrastinate_workers
    ADD CONSTRAINT procrastinate_workers_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.public_billingprovider
    ADD CONSTRAINT public_billingprovider_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.public_billingprovider
    ADD CONSTRAINT public_billingprovider_uid_key UNIQUE (uid);
ALTER TABLE ONLY public.public_centre
    ADD CONSTRAINT public_centre_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.public_centre
    ADD CONSTRAINT public_centre_site_key UNIQUE (site);
ALTER TABLE ONLY public.public_centre
    ADD CONSTRAINT public_centre_uid_key UNIQUE (uid);
ALTER TABLE ONLY public.public_centrereport
    ADD CONSTRAINT public_centrereport_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.public_centrereport
    ADD CONSTRAINT public_centrereport_uid_key UNIQUE (uid);
ALTER TABLE ONLY public.public_clinicprice
    ADD CONSTRAINT public_clinicprice_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.public_clinicprice
    ADD CONSTRAINT public_clinicprice_uid_key UNIQUE (uid);
ALTER TABLE ONLY public.public_enquiry
    ADD CONSTRAINT public_enquiry_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.public_enquiry
    ADD CONSTRAINT public_enquiry_uid_key UNIQUE (uid);
ALTER TABLE ONLY public.public_estimate
    ADD CONSTRAINT public_estimate_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.public_estimate
    ADD CONSTRAINT public_estimate_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.public_pageverdict
    ADD CONSTRAINT public_pageverdict_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.public_pageverdict
    ADD CONSTRAINT public_pageverdict_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.public_pageverdict
    ADD CONSTRAINT public_pageverdict_version_id_key UNIQUE (version_id);
ALTER TABLE ONLY public.public_pageversion
    ADD CONSTRAINT public_pageversion_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.public_pageversion
    ADD CONSTRAINT public_pageversion_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.public_searchbuild
    ADD CONSTRAINT public_searchbuild_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.public_searchline
    ADD CONSTRAINT public_searchline_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.public_searchword
    ADD CONSTRAINT public_searchword_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.public_selfcheckhandover
    ADD CONSTRAINT public_selfcheckhandover_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.public_selfcheckhandover
    ADD CONSTRAINT public_selfcheckhandover_uid_key UNIQUE (uid);
ALTER TABLE ONLY public.public_selfcheckintake
    ADD CONSTRAINT public_selfcheckintake_handover_key UNIQUE (handover);
ALTER TABLE ONLY public.public_selfcheckintake
    ADD CONSTRAINT public_selfcheckintake_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.public_unansweredquestion
    ADD CONSTRAINT public_unansweredquestion_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.public_unansweredquestion
    ADD CONSTRAINT public_unansweredquestion_uid_key UNIQUE (uid);
ALTER TABLE ONLY public.public_waytopay
    ADD CONSTRAINT public_waytopay_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.public_waytopay
    ADD CONSTRAINT public_waytopay_uid_key UNIQUE (uid);
ALTER TABLE ONLY public.record_access
    ADD CONSTRAINT record_access_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.record_access
    ADD CONSTRAINT record_access_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.record_adminchange
    ADD CONSTRAINT record_adminchange_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.record_adminchange
    ADD CONSTRAINT record_adminchange_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.record_adoption
    ADD CONSTRAINT record_adoption_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.record_adoption
    ADD CONSTRAINT record_adoption_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.record_decision
    ADD CONSTRAINT record_decision_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.record_decision
    ADD CONSTRAINT record_decision_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.record_head
    ADD CONSTRAINT record_head_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.recovery_addendum
    ADD CONSTRAINT recovery_addendum_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.recovery_addendum
    ADD CONSTRAINT recovery_addendum_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.recovery_discharge
    ADD CONSTRAINT recovery_discharge_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.recovery_discharge
    ADD CONSTRAINT recovery_discharge_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.recovery_recordsignature
    ADD CONSTRAINT recovery_recordsignature_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.recovery_recordsignature
    ADD CONSTRAINT recovery_recordsignature_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.recovery_recoverycheck
    ADD CONSTRAINT recovery_recoverycheck_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.recovery_recoverycheck
    ADD CONSTRAINT recovery_recoverycheck_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.registry_export
    ADD CONSTRAINT registry_export_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.registry_export
    ADD CONSTRAINT registry_export_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.registry_modelfit
    ADD CONSTRAINT registry_modelfit_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.registry_scoredsheet
    ADD CONSTRAINT registry_scoredsheet_pkey PRIMARY KEY (assessment);
ALTER TABLE ONLY public.registry_withdrawaltold
    ADD CONSTRAINT registry_withdrawaltold_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.registry_withdrawaltold
    ADD CONSTRAINT registry_withdrawaltold_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.scales_alert
    ADD CONSTRAINT scales_alert_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.scales_alert
    ADD CONSTRAINT scales_alert_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.scales_alerttask
    ADD CONSTRAINT scales_alerttask_pkey PRIMARY KEY (alert_id);
ALTER TABLE ONLY public.scales_assessment
    ADD CONSTRAINT scales_assessment_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.scales_assessment
    ADD CONSTRAINT scales_assessment_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.scales_checkinlink
    ADD CONSTRAINT scales_checkinlink_digest_key UNIQUE (digest);
ALTER TABLE ONLY public.scales_checkinlink
    ADD CONSTRAINT scales_checkinlink_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.scales_crisishelp
    ADD CONSTRAINT scales_crisishelp_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.scales_crisishelp
    ADD CONSTRAINT scales_crisishelp_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.scales_givenanswer
    ADD CONSTRAINT scales_givenanswer_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.scales_givenanswer
    ADD CONSTRAINT scales_givenanswer_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.scales_openedsheet
    ADD CONSTRAINT scales_openedsheet_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.scales_openedsheet
    ADD CONSTRAINT scales_openedsheet_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.scales_scaledefinition
    ADD CONSTRAINT scales_scaledefinition_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.scales_scaledefinition
    ADD CONSTRAINT scales_scaledefinition_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.scales_scaletext
    ADD CONSTRAINT scales_scaletext_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.scales_scaletext
    ADD CONSTRAINT scales_scaletext_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.schedule_appointment
    ADD CONSTRAINT schedule_appointment_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.schedule_appointment
    ADD CONSTRAINT schedule_appointment_session_uid_key UNIQUE (session_uid);
ALTER TABLE ONLY public.schedule_appointment
    ADD CONSTRAINT schedule_appointment_uid_key UNIQUE (uid);
ALTER TABLE ONLY public.schedule_calendarlink
    ADD CONSTRAINT schedule_calendarlink_digest_key UNIQUE (digest);
ALTER TABLE ONLY public.schedule_calendarlink
    ADD CONSTRAINT schedule_calendarlink_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.schedule_chair
    ADD CONSTRAINT schedule_chair_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.schedule_competence
    ADD CONSTRAINT schedule_competence_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.schedule_confirmlink
    ADD CONSTRAINT schedule_confirmlink_digest_key UNIQUE (digest);
ALTER TABLE ONLY public.schedule_confirmlink
    ADD CONSTRAINT schedule_confirmlink_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.schedule_gateoverride
    ADD CONSTRAINT schedule_gateoverride_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.schedule_gateoverride
    ADD CONSTRAINT schedule_gateoverride_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.schedule_gatetask
    ADD CONSTRAINT schedule_gatetask_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.schedule_appointment
    ADD CONSTRAINT schedule_one_in_a_chair EXCLUDE USING gist (int8range(chair_id, chair_id, '[]'::text) WITH &&, tstzrange(starts_at, ends_at) WITH &&) WHERE ((((state)::text = ANY ((ARRAY['booked'::character varying, 'arrived'::character varying])::text[])) AND (chair_id IS NOT NULL))) DEFERRABLE;
ALTER TABLE ONLY public.schedule_appointment
    ADD CONSTRAINT schedule_one_in_a_lane EXCLUDE USING gist (int8range(nurse_id, nurse_id, '[]'::text) WITH &&, int4range((lane)::integer, (lane)::integer, '[]'::text) WITH &&, tstzrange(starts_at, ends_at) WITH &&) WHERE ((((state)::text = ANY ((ARRAY['booked'::character varying, 'arrived'::character varying])::text[])) AND (nurse_id IS NOT NULL))) DEFERRABLE;
ALTER TABLE ONLY public.schedule_appointment
    ADD CONSTRAINT schedule_one_in_a_room EXCLUDE USING gist (int8range(room_id, room_id, '[]'::text) WITH &&, tstzrange(starts_at, ends_at) WITH &&) WHERE ((((state)::text = ANY ((ARRAY['booked'::character varying, 'arrived'::character varying])::text[])) AND (room_id IS NOT NULL))) DEFERRABLE;
ALTER TABLE ONLY public.schedule_shift
    ADD CONSTRAINT schedule_one_shift_at_once EXCLUDE USING gist (int8range(staff_id, staff_id, '[]'::text) WITH &&, tstzrange(starts_at, ends_at) WITH &&);
ALTER TABLE ONLY public.schedule_appointment
    ADD CONSTRAINT schedule_one_visit_a_person EXCLUDE USING gist (int8range(patient_id, patient_id, '[]'::text) WITH &&, tstzrange(starts_at, ends_at) WITH &&) WHERE (((state)::text = ANY ((ARRAY['booked'::character varying, 'arrived'::character varying])::text[]))) DEFERRABLE;
ALTER TABLE ONLY public.schedule_appointment
    ADD CONSTRAINT schedule_one_with_a_colleague EXCLUDE USING gist (int8range(attending_id, attending_id, '[]'::text) WITH &&, tstzrange(starts_at, ends_at) WITH &&) WHERE ((((state)::text = ANY ((ARRAY['booked'::character varying, 'arrived'::character varying])::text[])) AND (attending_id IS NOT NULL))) DEFERRABLE;
ALTER TABLE ONLY public.schedule_room
    ADD CONSTRAINT schedule_room_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.schedule_shift
    ADD CONSTRAINT schedule_shift_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.schedule_visitanswer
    ADD CONSTRAINT schedule_visitanswer_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.schedule_visitanswer
    ADD CONSTRAINT schedule_visitanswer_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.schedule_waiting
    ADD CONSTRAINT schedule_waiting_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.schedule_waiting
    ADD CONSTRAINT schedule_waiting_uid_key UNIQUE (uid);
ALTER TABLE ONLY public.session_check
    ADD CONSTRAINT session_check_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.session_check
    ADD CONSTRAINT session_check_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.session_dose
    ADD CONSTRAINT session_dose_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.session_dose
    ADD CONSTRAINT session_dose_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.session_event
    ADD CONSTRAINT session_event_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.session_event
    ADD CONSTRAINT session_event_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.session_gateentry
    ADD CONSTRAINT session_gateentry_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.session_gateentry
    ADD CONSTRAINT session_gateentry_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.session_gateresult
    ADD CONSTRAINT session_gateresult_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.session_gateresult
    ADD CONSTRAINT session_gateresult_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.session_photo
    ADD CONSTRAINT session_photo_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.session_photo
    ADD CONSTRAINT session_photo_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.session_sessionmove
    ADD CONSTRAINT session_sessionmove_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.session_sessionmove
    ADD CONSTRAINT session_sessionmove_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.session_treatmentsession
    ADD CONSTRAINT session_treatmentsession_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.session_treatmentsession
    ADD CONSTRAINT session_treatmentsession_uid_key UNIQUE (uid);
ALTER TABLE ONLY public.stock_casestep
    ADD CONSTRAINT stock_casestep_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.stock_casestep
    ADD CONSTRAINT stock_casestep_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.stock_countresult
    ADD CONSTRAINT stock_countresult_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.stock_countresult
    ADD CONSTRAINT stock_countresult_count_id_key UNIQUE (count_id);
ALTER TABLE ONLY public.stock_countresult
    ADD CONSTRAINT stock_countresult_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.stock_countsheet
    ADD CONSTRAINT stock_countsheet_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.stock_countsheet
    ADD CONSTRAINT stock_countsheet_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.stock_inventory
    ADD CONSTRAINT stock_inventory_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.stock_inventory
    ADD CONSTRAINT stock_inventory_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.stock_lossreport
    ADD CONSTRAINT stock_lossreport_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.stock_lossreport
    ADD CONSTRAINT stock_lossreport_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.stock_receipt
    ADD CONSTRAINT stock_receipt_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.stock_receipt
    ADD CONSTRAINT stock_receipt_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.stock_shipment
    ADD CONSTRAINT stock_shipment_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.stock_shipment
    ADD CONSTRAINT stock_shipment_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.stock_stockcase
    ADD CONSTRAINT stock_stockcase_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.stock_stockcase
    ADD CONSTRAINT stock_stockcase_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.stock_stockcount
    ADD CONSTRAINT stock_stockcount_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.stock_stockcount
    ADD CONSTRAINT stock_stockcount_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.stock_stockline
    ADD CONSTRAINT stock_stockline_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.stock_stockline
    ADD CONSTRAINT stock_stockline_line_key UNIQUE (line);
ALTER TABLE ONLY public.stock_stockline
    ADD CONSTRAINT stock_stockline_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.stock_vial
    ADD CONSTRAINT stock_vial_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.therapy_breakglass
    ADD CONSTRAINT therapy_breakglass_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.therapy_breakglass
    ADD CONSTRAINT therapy_breakglass_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.therapy_clearance
    ADD CONSTRAINT therapy_clearance_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.therapy_clearance
    ADD CONSTRAINT therapy_clearance_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.therapy_goal
    ADD CONSTRAINT therapy_goal_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.therapy_goal
    ADD CONSTRAINT therapy_goal_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.therapy_goalstep
    ADD CONSTRAINT therapy_goalstep_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.therapy_goalstep
    ADD CONSTRAINT therapy_goalstep_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.therapy_group_members
    ADD CONSTRAINT therapy_group_members_group_id_therapy_id_7a4fe5ff_uniq UNIQUE (group_id, therapy_id);
ALTER TABLE ONLY public.therapy_group_members
    ADD CONSTRAINT therapy_group_members_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.therapy_group
    ADD CONSTRAINT therapy_group_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.therapy_group
    ADD CONSTRAINT therapy_group_uid_key UNIQUE (uid);
ALTER TABLE ONLY public.therapy_groupnote
    ADD CONSTRAINT therapy_groupnote_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.therapy_groupnote
    ADD CONSTRAINT therapy_groupnote_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.therapy_itemsettled
    ADD CONSTRAINT therapy_itemsettled_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.therapy_itemsettled
    ADD CONSTRAINT therapy_itemsettled_item_id_key UNIQUE (item_id);
ALTER TABLE ONLY public.therapy_itemsettled
    ADD CONSTRAINT therapy_itemsettled_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.therapy_journal
    ADD CONSTRAINT therapy_journal_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.therapy_journal
    ADD CONSTRAINT therapy_journal_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.therapy_journalshare
    ADD CONSTRAINT therapy_journalshare_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.therapy_journalshare
    ADD CONSTRAINT therapy_journalshare_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.therapy_note
    ADD CONSTRAINT therapy_note_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.therapy_note
    ADD CONSTRAINT therapy_note_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.therapy_openitem
    ADD CONSTRAINT therapy_openitem_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.therapy_openitem
    ADD CONSTRAINT therapy_openitem_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.therapy_summary
    ADD CONSTRAINT therapy_summary_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.therapy_summary
    ADD CONSTRAINT therapy_summary_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.therapy_summaryword
    ADD CONSTRAINT therapy_summaryword_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.therapy_summaryword
    ADD CONSTRAINT therapy_summaryword_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.therapy_supervision
    ADD CONSTRAINT therapy_supervision_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.therapy_supervision
    ADD CONSTRAINT therapy_supervision_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.therapy_therapy
    ADD CONSTRAINT therapy_therapy_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.therapy_therapy
    ADD CONSTRAINT therapy_therapy_uid_key UNIQUE (uid);
ALTER TABLE ONLY public.vitals_attachment
    ADD CONSTRAINT vitals_attachment_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.vitals_attachment
    ADD CONSTRAINT vitals_attachment_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.vitals_device
    ADD CONSTRAINT vitals_device_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.vitals_message
    ADD CONSTRAINT vitals_message_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.vitals_message
    ADD CONSTRAINT vitals_message_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.vitals_reading
    ADD CONSTRAINT vitals_reading_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.vitals_reading
    ADD CONSTRAINT vitals_reading_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.vitals_readingmark
    ADD CONSTRAINT vitals_readingmark_amends_id_key UNIQUE (amends_id);
ALTER TABLE ONLY public.vitals_readingmark
    ADD CONSTRAINT vitals_readingmark_pkey PRIMARY KEY (uid);
ALTER TABLE ONLY public.web_cache
    ADD CONSTRAINT web_cache_pkey PRIMARY KEY (cache_key);
CREATE INDEX account_emailaddress_email_03be32b2 ON public.account_emailaddress USING btree (email);
CREATE INDEX account_emailaddress_email_03be32b2_like ON public.account_emailaddress USING btree (email varchar_pattern_ops);
CREATE INDEX account_emailaddress_user_id_2c513194 ON public.account_emailaddress USING btree (user_id);
CREATE INDEX account_emailconfirmation_email_address_id_5b7f8c58 ON public.account_emailconfirmation USING btree (email_address_id);
CREATE INDEX account_emailconfirmation_key_f43612bd_like ON public.account_emailconfirmation USING btree (key varchar_pattern_ops);
CREATE INDEX auth_group_name_a6ea08ec_like ON public.auth_group USING btree (name varchar_pattern_ops);
CREATE INDEX auth_group_permissions_group_id_b120cbf9 ON public.auth_group_permissions USING btree (group_id);
CREATE INDEX auth_group_permissions_permission_id_84c5c92e ON public.auth_group_permissions USING btree (permission_id);
CREATE INDEX auth_permission_content_type_id_2f476e4b ON public.auth_permission USING btree (content_type_id);
CREATE INDEX axes_accessattempt_ip_address_10922d9c ON public.axes_accessattempt USING btree (ip_address);
CREATE INDEX axes_accessattempt_user_agent_ad89678b ON public.axes_accessattempt USING btree (user_agent);
CREATE INDEX axes_accessattempt_user_agent_ad89678b_like ON public.axes_accessattempt USING btree (user_agent varchar_pattern_ops);
CREATE INDEX axes_accessattempt_username_3f2d4ca0 ON public.axes_accessattempt USING btree (username);
CREATE INDEX axes_accessattempt_username_3f2d4ca0_like ON public.axes_accessattempt USING btree (username varchar_pattern_ops);
CREATE INDEX axes_accessfailurelog_ip_address_2e9f5a7f ON public.axes_accessfailurelog USING btree (ip_address);
CREATE INDEX axes_accessfailurelog_user_agent_ea145dda ON public.axes_accessfailurelog USING btree (user_agent);
CREATE INDEX axes_accessfailurelog_user_agent_ea145dda_like ON public.axes_accessfailurelog USING btree (user_agent varchar_pattern_ops);
CREATE INDEX axes_accessfailurelog_username_a8b7e8a4 ON public.axes_accessfailurelog USING btree (username);
CREATE INDEX axes_accessfailurelog_username_a8b7e8a4_like ON public.axes_accessfailurelog USING btree (username varchar_pattern_ops);
CREATE INDEX axes_accesslog_ip_address_86b417e5 ON public.axes_accesslog USING btree (ip_address);
CREATE INDEX axes_accesslog_user_agent_0e659004 ON public.axes_accesslog USING btree (user_agent);
CREATE INDEX axes_accesslog_user_agent_0e659004_like ON public.axes_accesslog USING btree (user_agent varchar_pattern_ops);
CREATE INDEX axes_accesslog_username_df93064b ON public.axes_accesslog USING btree (username);
CREATE INDEX axes_accesslog_username_df93064b_like ON public.axes_accesslog USING btree (username varchar_pattern_ops);
CREATE INDEX candidacy_considered_course_id_d1ae253f ON public.candidacy_considered USING btree (course_id);
CREATE INDEX candidacy_considered_patient_id_5ffd134a ON public.candidacy_considered USING btree (patient_id);
CREATE UNIQUE INDEX candidacy_considered_seq ON public.candidacy_considered USING btree (site, seq);
CREATE INDEX candidacy_decision_course_id_9da33113 ON public.candidacy_decision USING btree (course_id);
CREATE INDEX candidacy_decision_patient_id_b82e44f5 ON public.candidacy_decision USING btree (patient_id);
CREATE UNIQUE INDEX candidacy_decision_seq ON public.candidacy_decision USING btree (site, seq);
CREATE INDEX candidacy_measured_key_dd5d91f4 ON public.candidacy_measured USING btree (key);
CREATE INDEX candidacy_measured_key_dd5d91f4_like ON public.candidacy_measured USING btree (key varchar_pattern_ops);
CREATE INDEX candidacy_measured_patient_id_e72891ca ON public.candidacy_measured USING btree (patient_id);
CREATE UNIQUE INDEX candidacy_measured_seq ON public.candidacy_measured USING btree (site, seq);
CREATE INDEX candidacy_override_course_id_9e4c2efb ON public.candidacy_override USING btree (course_id);
CREATE INDEX candidacy_override_patient_id_9e749102 ON public.candidacy_override USING btree (patient_id);
CREATE UNIQUE INDEX candidacy_override_seq ON public.candidacy_override USING btree (site, seq);
CREATE INDEX consent_answer_patient_id_64d566ec ON public.consent_answer USING btree (patient_id);
CREATE INDEX consent_answer_question_id_2bbeae91 ON public.consent_answer USING btree (question_id);
CREATE UNIQUE INDEX consent_answer_seq ON public.consent_answer USING btree (site, seq);
CREATE INDEX consent_question_patient_id_81f34802 ON public.consent_question USING btree (patient_id);
CREATE UNIQUE INDEX consent_question_seq ON public.consent_question USING btree (site, seq);
CREATE INDEX consent_signature_course_id_3a860190 ON public.consent_signature USING btree (course_id);
CREATE INDEX consent_signature_document_9bf818e4 ON public.consent_signature USING btree (document);
CREATE INDEX consent_signature_document_9bf818e4_like ON public.consent_signature USING btree (document varchar_pattern_ops);
CREATE INDEX consent_signature_patient_id_05239928 ON public.consent_signature USING btree (patient_id);
CREATE UNIQUE INDEX consent_signature_seq ON public.consent_signature USING btree (site, seq);
CREATE INDEX consent_signature_version_id_7c74ec38 ON public.consent_signature USING btree (version_id);
CREATE UNIQUE INDEX consent_verdict_seq ON public.consent_verdict USING btree (site, seq);
CREATE INDEX consent_verdict_version_id_485aeda4 ON public.consent_verdict USING btree (version_id);
CREATE INDEX consent_version_document_ac720e4c ON public.consent_version USING btree (document);
CREATE INDEX consent_version_document_ac720e4c_like ON public.consent_version USING btree (document varchar_pattern_ops);
CREATE UNIQUE INDEX consent_version_seq ON public.consent_version USING btree (site, seq);
CREATE INDEX consent_withdrawal_cause_3425e5ec ON public.consent_withdrawal USING btree (cause);
CREATE INDEX consent_withdrawal_document_55041d07 ON public.consent_withdrawal USING btree (document);
CREATE INDEX consent_withdrawal_document_55041d07_like ON public.consent_withdrawal USING btree (document varchar_pattern_ops);
CREATE INDEX consent_withdrawal_patient_id_c8ca3284 ON public.consent_withdrawal USING btree (patient_id);
CREATE UNIQUE INDEX consent_withdrawal_seq ON public.consent_withdrawal USING btree (site, seq);
CREATE INDEX consent_witness_patient_id_2a0174d0 ON public.consent_witness USING btree (patient_id);
CREATE UNIQUE INDEX consent_witness_seq ON public.consent_witness USING btree (site, seq);
CREATE INDEX course_course_patient_id_6197145e ON public.course_course USING btree (patient_id);
CREATE INDEX course_course_site_id_cd5c18b1 ON public.course_course USING btree (site_id);
CREATE INDEX course_coursefact_course_id_d45717e7 ON public.course_coursefact USING btree (course_id);
CREATE INDEX course_coursefact_kind_2cf75ad9 ON public.course_coursefact USING btree (kind);
CREATE INDEX course_coursefact_kind_2cf75ad9_like ON public.course_coursefact USING btree (kind varchar_pattern_ops);
CREATE INDEX course_coursefact_patient_id_b439f15c ON public.course_coursefact USING btree (patient_id);
CREATE UNIQUE INDEX course_coursefact_seq ON public.course_coursefact USING btree (site, seq);
CREATE INDEX course_coursemove_course_id_82d01a76 ON public.course_coursemove USING btree (course_id);
CREATE UNIQUE INDEX course_coursemove_seq ON public.course_coursemove USING btree (site, seq);
CREATE INDEX django_session_expire_date_a5c62663 ON public.django_session USING btree (expire_date);
CREATE INDEX django_session_session_key_c0390e0f_like ON public.django_session USING btree (session_key varchar_pattern_ops);
CREATE INDEX followup_contactattempt_course_id_b66eb3f3 ON public.followup_contactattempt USING btree (course_id);
CREATE INDEX followup_contactattempt_patient_id_e6ca87a8 ON public.followup_contactattempt USING btree (patient_id);
CREATE UNIQUE INDEX followup_contactattempt_seq ON public.followup_contactattempt USING btree (site, seq);
CREATE INDEX followup_followupowner_owner_id_0a820fa0 ON public.followup_followupowner USING btree (owner_id);
CREATE INDEX followup_followupstop_course_id_de940446 ON public.followup_followupstop USING btree (course_id);
CREATE INDEX followup_followupstop_patient_id_40ba522e ON public.followup_followupstop USING btree (patient_id);
CREATE UNIQUE INDEX followup_followupstop_seq ON public.followup_followupstop USING btree (site, seq);
CREATE INDEX followup_pointending_course_id_840d6616 ON public.followup_pointending USING btree (course_id);
CREATE INDEX followup_pointending_patient_id_c17532c7 ON public.followup_pointending USING btree (patient_id);
CREATE UNIQUE INDEX followup_pointending_seq ON public.followup_pointending USING btree (site, seq);
CREATE INDEX followup_reminder_course_id_4f6aec72 ON public.followup_reminder USING btree (course_id);
CREATE INDEX followup_reminder_link_id_e22c761b ON public.followup_reminder USING btree (link_id);
CREATE INDEX followup_reminder_patient_id_bb62d356 ON public.followup_reminder USING btree (patient_id);
CREATE UNIQUE INDEX followup_reminder_seq ON public.followup_reminder USING btree (site, seq);
CREATE INDEX followup_watchsignal_course_id_1446e684 ON public.followup_watchsignal USING btree (course_id);
CREATE INDEX followup_watchsignal_patient_id_a934b09a ON public.followup_watchsignal USING btree (patient_id);
CREATE UNIQUE INDEX followup_watchsignal_seq ON public.followup_watchsignal USING btree (site, seq);
CREATE INDEX followup_watchtask_owner_id_d0f79c31 ON public.followup_watchtask USING btree (owner_id);
CREATE INDEX followup_watchtask_site_id_611606ff ON public.followup_watchtask USING btree (site_id);
CREATE INDEX idx_procrastinate_jobs_worker_not_null ON public.procrastinate_jobs USING btree (worker_id) WHERE ((worker_id IS NOT NULL) AND (status = 'doing'::public.procrastinate_job_status));
CREATE INDEX idx_procrastinate_workers_last_heartbeat ON public.procrastinate_workers USING btree (last_heartbeat);
CREATE INDEX intake_answer_key ON public.intake_answer USING btree (patient_id, key);
CREATE INDEX intake_answer_patient_id_29eda9ec ON public.intake_answer USING btree (patient_id);
CREATE UNIQUE INDEX intake_answer_seq ON public.intake_answer USING btree (site, seq);
CREATE INDEX intake_draft_author_id_5dc66221 ON public.intake_draft USING btree (author_id);
CREATE INDEX intake_draft_intake_id_b4c911a2 ON public.intake_draft USING btree (intake_id);
CREATE UNIQUE INDEX intake_draft_once ON public.intake_draft USING btree (intake_id, section, author_id);
CREATE INDEX intake_insurancecard_patient_id_a0174edc ON public.intake_insurancecard USING btree (patient_id);
CREATE UNIQUE INDEX intake_insurancecard_seq ON public.intake_insurancecard USING btree (site, seq);
CREATE INDEX intake_intake_course_id_afb73b10 ON public.intake_intake USING btree (course_id);
CREATE INDEX intake_intake_reviewed_by_id_cdeaa918 ON public.intake_intake USING btree (reviewed_by_id);
CREATE INDEX intake_medicineline_patient_id_09201350 ON public.intake_medicineline USING btree (patient_id);
CREATE UNIQUE INDEX intake_medicineline_seq ON public.intake_medicineline USING btree (site, seq);
CREATE INDEX intake_safetycall_answer_id_f9d10fb4 ON public.intake_safetycall USING btree (answer_id);
CREATE INDEX intake_safetycall_call_id_d8446cb2 ON public.intake_safetycall USING btree (call_id);
CREATE INDEX intake_safetycall_patient_id_88e2e6c2 ON public.intake_safetycall USING btree (patient_id);
CREATE UNIQUE INDEX intake_safetycall_seq ON public.intake_safetycall USING btree (site, seq);
CREATE INDEX intake_trialline_patient_id_f82d0968 ON public.intake_trialline USING btree (patient_id);
CREATE UNIQUE INDEX intake_trialline_seq ON public.intake_trialline USING btree (site, seq);
CREATE INDEX mfa_authenticator_user_id_0c3a50c0 ON public.mfa_authenticator USING btree (user_id);
CREATE UNIQUE INDEX monitoring_alarmevent_seq ON public.monitoring_alarmevent USING btree (site, seq);
CREATE INDEX monitoring_alarmevent_session_id_105fa423 ON public.monitoring_alarmevent USING btree (session_id);
CREATE UNIQUE INDEX monitoring_drillresult_seq ON public.monitoring_drillresult USING btree (site, seq);
CREATE INDEX monitoring_drillresult_session_d929b91b ON public.monitoring_drillresult USING btree (session);
CREATE INDEX monitoring_heartbeat_part_978da261_like ON public.monitoring_heartbeat USING btree (part varchar_pattern_ops);
CREATE UNIQUE INDEX monitoring_limitchange_seq ON public.monitoring_limitchange USING btree (site, seq);
CREATE INDEX monitoring_limitchange_session_id_dbf9e06b ON public.monitoring_limitchange USING btree (session_id);
CREATE INDEX people_apitoken_digest_af4674e2_like ON public.people_apitoken USING btree (digest varchar_pattern_ops);
CREATE INDEX people_apitoken_name_fc5df52b_like ON public.people_apitoken USING btree (name varchar_pattern_ops);
CREATE INDEX people_apitoken_site_id_fa5184de ON public.people_apitoken USING btree (site_id);
CREATE UNIQUE INDEX people_patient_external_id ON public.people_patient USING btree (site_id, external_id);
CREATE INDEX people_patient_site_id_6c3ec56c ON public.people_patient USING btree (site_id);
CREATE INDEX people_patientnote_kind_b6dd10af ON public.people_patientnote USING btree (kind);
CREATE INDEX people_patientnote_kind_b6dd10af_like ON public.people_patientnote USING btree (kind varchar_pattern_ops);
CREATE INDEX people_patientnote_patient_id_864197b9 ON public.people_patientnote USING btree (patient_id);
CREATE UNIQUE INDEX people_patientnote_seq ON public.people_patientnote USING btree (site, seq);
CREATE INDEX people_rosterplace_browser_26c56499 ON public.people_rosterplace USING btree (browser);
CREATE INDEX people_rosterplace_browser_26c56499_like ON public.people_rosterplace USING btree (browser varchar_pattern_ops);
CREATE UNIQUE INDEX people_rosterplace_once ON public.people_rosterplace USING btree (browser, user_id);
CREATE INDEX people_rosterplace_user_id_27113293 ON public.people_rosterplace USING btree (user_id);
CREATE INDEX people_user_email_1f424fe4_like ON public.people_user USING btree (email varchar_pattern_ops);
CREATE INDEX people_user_sites_site_id_dd07adf6 ON public.people_user_sites USING btree (site_id);
CREATE INDEX people_user_sites_user_id_96c4d24d ON public.people_user_sites USING btree (user_id);
CREATE INDEX plan_order_course_id_292a715b ON public.plan_order USING btree (course_id);
CREATE INDEX plan_order_patient_id_48abe40d ON public.plan_order USING btree (patient_id);
CREATE INDEX plan_order_plan_id_f7b5d125 ON public.plan_order USING btree (plan_id);
CREATE UNIQUE INDEX plan_order_seq ON public.plan_order USING btree (site, seq);
CREATE INDEX plan_plan_course_id_747e0667 ON public.plan_plan USING btree (course_id);
CREATE INDEX plan_plan_patient_id_499f5d75 ON public.plan_plan USING btree (patient_id);
CREATE UNIQUE INDEX plan_plan_seq ON public.plan_plan USING btree (site, seq);
CREATE INDEX portal_caregiver_digest_012e2cf1_like ON public.portal_caregiver USING btree (digest varchar_pattern_ops);
CREATE INDEX portal_caregiver_patient_id_ff781f72 ON public.portal_caregiver USING btree (patient_id);
CREATE INDEX portal_datarequest_patient_id_f15eb40f ON public.portal_datarequest USING btree (patient_id);
CREATE UNIQUE INDEX portal_datarequest_seq ON public.portal_datarequest USING btree (site, seq);
CREATE INDEX portal_registration_digest_64d7c512_like ON public.portal_registration USING btree (digest varchar_pattern_ops);
CREATE INDEX portal_registration_site_id_62b7e48c ON public.portal_registration USING btree (site_id);
CREATE INDEX portal_requeststep_patient_id_e9b9cbea ON public.portal_requeststep USING btree (patient_id);
CREATE INDEX portal_requeststep_request_id_928c2ebf ON public.portal_requeststep USING btree (request_id);
CREATE UNIQUE INDEX portal_requeststep_seq ON public.portal_requeststep USING btree (site, seq);
CREATE INDEX post_enclosure_letter_id_94a971c2 ON public.post_enclosure USING btree (letter_id);
CREATE INDEX post_enclosure_patient_id_4c0f8acf ON public.post_enclosure USING btree (patient_id);
CREATE UNIQUE INDEX post_enclosure_seq ON public.post_enclosure USING btree (site, seq);
CREATE INDEX post_letter_patient_id_2f3eb98e ON public.post_letter USING btree (patient_id);
CREATE UNIQUE INDEX post_letter_seq ON public.post_letter USING btree (site, seq);
CREATE INDEX post_letter_thread_id_6a98bd38 ON public.post_letter USING btree (thread_id);
CREATE INDEX post_outmessage_about_f581189d ON public.post_outmessage USING btree (about);
CREATE INDEX post_outmessage_once_6d5e3917_like ON public.post_outmessage USING btree (once varchar_pattern_ops);
CREATE INDEX post_outmessage_patient_id_9f2188ae ON public.post_outmessage USING btree (patient_id);
CREATE INDEX post_outmessage_site_id_b8bee6b2 ON public.post_outmessage USING btree (site_id);
CREATE UNIQUE INDEX post_reach_once ON public.post_reach USING btree (patient_id, channel);
CREATE INDEX post_reach_patient_id_74d7573d ON public.post_reach USING btree (patient_id);
CREATE INDEX post_seen_letter_id_179c1a7a ON public.post_seen USING btree (letter_id);
CREATE INDEX post_seen_patient_id_45edcc12 ON public.post_seen USING btree (patient_id);
CREATE UNIQUE INDEX post_seen_seq ON public.post_seen USING btree (site, seq);
CREATE INDEX post_state_due ON public.post_outmessage USING btree (state, due_at);
CREATE INDEX post_thread_assigned_to_id_bada73d2 ON public.post_thread USING btree (assigned_to_id);
CREATE INDEX post_thread_patient_id_5c17cb60 ON public.post_thread USING btree (patient_id);
CREATE INDEX post_thread_site_id_6c1df44d ON public.post_thread USING btree (site_id);
CREATE UNIQUE INDEX post_wish_once ON public.post_wish USING btree (patient_id, channel, purpose);
CREATE INDEX post_wish_patient_id_2b391433 ON public.post_wish USING btree (patient_id);
CREATE INDEX procrastinate_events_job_id_fkey_v1 ON public.procrastinate_events USING btree (job_id);
CREATE INDEX procrastinate_jobs_id_lock_idx_v1 ON public.procrastinate_jobs USING btree (id, lock) WHERE (status = ANY (ARRAY['todo'::public.procrastinate_job_status, 'doing'::public.procrastinate_job_status]));
CREATE UNIQUE INDEX procrastinate_jobs_lock_idx_v1 ON public.procrastinate_jobs USING btree (lock) WHERE (status = 'doing'::public.procrastinate_job_status);
CREATE INDEX procrastinate_jobs_priority_idx_v1 ON public.procrastinate_jobs USING btree (priority DESC, id) WHERE (status = 'todo'::public.procrastinate_job_status);
CREATE INDEX procrastinate_jobs_queue_name_idx_v1 ON public.procrastinate_jobs USING btree (queue_name);
CREATE UNIQUE INDEX procrastinate_jobs_queueing_lock_idx_v1 ON public.procrastinate_jobs USING btree (queueing_lock) WHERE (status = 'todo'::public.procrastinate_job_status);
CREATE INDEX procrastinate_periodic_defers_job_id_fkey_v1 ON public.procrastinate_periodic_defers USING btree (job_id);
CREATE INDEX public_billingprovider_site_id_d4da64d2 ON public.public_billingprovider USING btree (site_id);
CREATE UNIQUE INDEX public_centre_npi ON public.public_centre USING btree (npi) WHERE (NOT ((npi)::text = ''::text));
CREATE INDEX public_centre_says ON public.public_centre USING gin (says);
CREATE INDEX public_centre_where ON public.public_centre USING btree (lat, lon) WHERE listed;
CREATE INDEX public_centrereport_centre_id_351bf258 ON public.public_centrereport USING btree (centre_id);
CREATE INDEX public_clinicprice_site_id_aa9dc0d0 ON public.public_clinicprice USING btree (site_id);
CREATE INDEX public_enquiry_owner_id_81f715da ON public.public_enquiry USING btree (owner_id);
CREATE INDEX public_enquiry_patient_id_7f893b08 ON public.public_enquiry USING btree (patient_id);
CREATE INDEX public_enquiry_queue ON public.public_enquiry USING btree (site_id, state, received_at);
CREATE INDEX public_enquiry_site_id_3244446f ON public.public_enquiry USING btree (site_id);
CREATE UNIQUE INDEX public_estimate_number ON public.public_estimate USING btree (site, number);
CREATE INDEX public_estimate_patient_id_df0a736a ON public.public_estimate USING btree (patient_id);
CREATE UNIQUE INDEX public_estimate_seq ON public.public_estimate USING btree (site, seq);
CREATE UNIQUE INDEX public_pageverdict_seq ON public.public_pageverdict USING btree (site, seq);
CREATE UNIQUE INDEX public_pageversion_number ON public.public_pageversion USING btree (site, page, language, number);
CREATE INDEX public_pageversion_page_9c78d6ac ON public.public_pageversion USING btree (page);
CREATE INDEX public_pageversion_page_9c78d6ac_like ON public.public_pageversion USING btree (page varchar_pattern_ops);
CREATE UNIQUE INDEX public_pageversion_seq ON public.public_pageversion USING btree (site, seq);
CREATE UNIQUE INDEX public_searchbuild_once ON public.public_searchbuild USING btree (site, language);
CREATE INDEX public_searchline_shelf ON public.public_searchline USING btree (site, language);
CREATE INDEX public_searchline_vector ON public.public_searchline USING gin (vector);
CREATE UNIQUE INDEX public_searchword_once ON public.public_searchword USING btree (site, language, stem);
CREATE INDEX public_selfcheckintake_patient_id_f13d5f90 ON public.public_selfcheckintake USING btree (patient_id);
CREATE INDEX public_waytopay_site_id_8c1651a0 ON public.public_waytopay USING btree (site_id);
CREATE INDEX record_access_patient_a4fc1601 ON public.record_access USING btree (patient);
CREATE UNIQUE INDEX record_access_seq ON public.record_access USING btree (site, seq);
CREATE INDEX record_adminchange_of ON public.record_adminchange USING btree ("table", "row");
CREATE UNIQUE INDEX record_adminchange_seq ON public.record_adminchange USING btree (site, seq);
CREATE UNIQUE INDEX record_adoption_seq ON public.record_adoption USING btree (site, seq);
CREATE INDEX record_decision_patient_b302ade2 ON public.record_decision USING btree (patient);
CREATE UNIQUE INDEX record_decision_seq ON public.record_decision USING btree (site, seq);
CREATE INDEX record_decision_subject_dc2e9575 ON public.record_decision USING btree (subject);
CREATE INDEX record_head_name_331dd800_like ON public.record_head USING btree (name varchar_pattern_ops);
CREATE UNIQUE INDEX recovery_addendum_seq ON public.recovery_addendum USING btree (site, seq);
CREATE INDEX recovery_addendum_session_id_264190c4 ON public.recovery_addendum USING btree (session_id);
CREATE UNIQUE INDEX recovery_discharge_seq ON public.recovery_discharge USING btree (site, seq);
CREATE INDEX recovery_discharge_session_id_8c47becd ON public.recovery_discharge USING btree (session_id);
CREATE UNIQUE INDEX recovery_recordsignature_seq ON public.recovery_recordsignature USING btree (site, seq);
CREATE INDEX recovery_recordsignature_session_id_31d6ea41 ON public.recovery_recordsignature USING btree (session_id);
CREATE UNIQUE INDEX recovery_recoverycheck_seq ON public.recovery_recoverycheck USING btree (site, seq);
CREATE INDEX recovery_recoverycheck_session_id_2306dd8b ON public.recovery_recoverycheck USING btree (session_id);
CREATE UNIQUE INDEX registry_export_seq ON public.registry_export USING btree (site, seq);
CREATE UNIQUE INDEX registry_modelfit_one ON public.registry_modelfit USING btree (site_id, instrument, family);
CREATE INDEX registry_modelfit_site_id_01ead2f2 ON public.registry_modelfit USING btree (site_id);
CREATE INDEX registry_scored_person ON public.registry_scoredsheet USING btree (site, scale, patient, at) WHERE (NOT superseded);
CREATE INDEX registry_scored_seq ON public.registry_scoredsheet USING btree (site, seq);
CREATE INDEX registry_withdrawaltold_export_id_54566aa0 ON public.registry_withdrawaltold USING btree (export_id);
CREATE UNIQUE INDEX registry_withdrawaltold_seq ON public.registry_withdrawaltold USING btree (site, seq);
CREATE INDEX scales_alert_patient_id_4c5945a8 ON public.scales_alert USING btree (patient_id);
CREATE UNIQUE INDEX scales_alert_seq ON public.scales_alert USING btree (site, seq);
CREATE INDEX scales_alert_sheet_id_698bd344 ON public.scales_alert USING btree (sheet_id);
CREATE INDEX scales_alerttask_owner_id_7c6c71fd ON public.scales_alerttask USING btree (owner_id);
CREATE INDEX scales_alerttask_site_id_a330d70b ON public.scales_alerttask USING btree (site_id);
CREATE INDEX scales_assessment_course_id_8618c7af ON public.scales_assessment USING btree (course_id);
CREATE INDEX scales_assessment_patient_id_f345665a ON public.scales_assessment USING btree (patient_id);
CREATE INDEX scales_assessment_person ON public.scales_assessment USING btree (patient_id, scale, happened_at);
CREATE INDEX scales_assessment_scale_7c9c9979 ON public.scales_assessment USING btree (scale);
CREATE INDEX scales_assessment_scale_7c9c9979_like ON public.scales_assessment USING btree (scale varchar_pattern_ops);
CREATE UNIQUE INDEX scales_assessment_seq ON public.scales_assessment USING btree (site, seq);
CREATE INDEX scales_assessment_sheet_id_cc685dca ON public.scales_assessment USING btree (sheet_id);
CREATE INDEX scales_checkinlink_course_id_81a5239d ON public.scales_checkinlink USING btree (course_id);
CREATE INDEX scales_checkinlink_digest_94f44f43_like ON public.scales_checkinlink USING btree (digest varchar_pattern_ops);
CREATE INDEX scales_checkinlink_made_by_id_745be4d2 ON public.scales_checkinlink USING btree (made_by_id);
CREATE INDEX scales_checkinlink_patient_id_2ee58a82 ON public.scales_checkinlink USING btree (patient_id);
CREATE INDEX scales_checkinlink_site_id_2aceeaa6 ON public.scales_checkinlink USING btree (site_id);
CREATE UNIQUE INDEX scales_crisishelp_seq ON public.scales_crisishelp USING btree (site, seq);
CREATE INDEX scales_givenanswer_patient_id_5d1afe85 ON public.scales_givenanswer USING btree (patient_id);
CREATE UNIQUE INDEX scales_givenanswer_seq ON public.scales_givenanswer USING btree (site, seq);
CREATE INDEX scales_givenanswer_sheet_id_7c4e9e6c ON public.scales_givenanswer USING btree (sheet_id);
CREATE INDEX scales_openedsheet_course_id_a4ecf4b1 ON public.scales_openedsheet USING btree (course_id);
CREATE INDEX scales_openedsheet_link_id_ef6761b9 ON public.scales_openedsheet USING btree (link_id);
CREATE INDEX scales_openedsheet_patient_id_c2530a6c ON public.scales_openedsheet USING btree (patient_id);
CREATE UNIQUE INDEX scales_openedsheet_seq ON public.scales_openedsheet USING btree (site, seq);
CREATE INDEX scales_scaledefinition_digest_bee322fa ON public.scales_scaledefinition USING btree (digest);
CREATE INDEX scales_scaledefinition_digest_bee322fa_like ON public.scales_scaledefinition USING btree (digest varchar_pattern_ops);
CREATE UNIQUE INDEX scales_scaledefinition_seq ON public.scales_scaledefinition USING btree (site, seq);
CREATE INDEX scales_scaletext_scale_fb270711 ON public.scales_scaletext USING btree (scale);
CREATE INDEX scales_scaletext_scale_fb270711_like ON public.scales_scaletext USING btree (scale varchar_pattern_ops);
CREATE UNIQUE INDEX scales_scaletext_seq ON public.scales_scaletext USING btree (site, seq);
CREATE INDEX schedule_appointment_attending_id_730e7cba ON public.schedule_appointment USING btree (attending_id);
CREATE INDEX schedule_appointment_chair_id_dd67b781 ON public.schedule_appointment USING btree (chair_id);
CREATE INDEX schedule_appointment_course_id_523d48cf ON public.schedule_appointment USING btree (course_id);
CREATE INDEX schedule_appointment_nurse_id_6f9ff72b ON public.schedule_appointment USING btree (nurse_id);
CREATE INDEX schedule_appointment_patient_id_afb8c75c ON public.schedule_appointment USING btree (patient_id);
CREATE INDEX schedule_appointment_room_id_0d3bca9c ON public.schedule_appointment USING btree (room_id);
CREATE INDEX schedule_appointment_series_a9e4c960 ON public.schedule_appointment USING btree (series);
CREATE INDEX schedule_appointment_site_id_6940427b ON public.schedule_appointment USING btree (site_id);
CREATE INDEX schedule_appointment_starts_at_560990be ON public.schedule_appointment USING btree (starts_at);
CREATE INDEX schedule_appointment_state_87b1526e ON public.schedule_appointment USING btree (state);
CREATE INDEX schedule_appointment_state_87b1526e_like ON public.schedule_appointment USING btree (state varchar_pattern_ops);
CREATE INDEX schedule_calendarlink_digest_c4b07a43_like ON public.schedule_calendarlink USING btree (digest varchar_pattern_ops);
CREATE INDEX schedule_calendarlink_patient_id_79827993 ON public.schedule_calendarlink USING btree (patient_id);
CREATE INDEX schedule_calendarlink_site_id_1567794c ON public.schedule_calendarlink USING btree (site_id);
CREATE INDEX schedule_calendarlink_staff_id_455406ee ON public.schedule_calendarlink USING btree (staff_id);
CREATE UNIQUE INDEX schedule_chair_name ON public.schedule_chair USING btree (site_id, name);
CREATE INDEX schedule_chair_room_id_371707d4 ON public.schedule_chair USING btree (room_id);
CREATE INDEX schedule_chair_site_id_1942a53d ON public.schedule_chair USING btree (site_id);
CREATE INDEX schedule_competence_site_id_2a8ffa9f ON public.schedule_competence USING btree (site_id);
CREATE INDEX schedule_competence_staff_id_19e5dafd ON public.schedule_competence USING btree (staff_id);
CREATE INDEX schedule_confirmlink_appointment_id_70b23888 ON public.schedule_confirmlink USING btree (appointment_id);
CREATE INDEX schedule_confirmlink_digest_899d1f19_like ON public.schedule_confirmlink USING btree (digest varchar_pattern_ops);
CREATE INDEX schedule_gateoverride_appointment_id_1ae393ce ON public.schedule_gateoverride USING btree (appointment_id);
CREATE INDEX schedule_gateoverride_patient_id_e8627829 ON public.schedule_gateoverride USING btree (patient_id);
CREATE UNIQUE INDEX schedule_gateoverride_seq ON public.schedule_gateoverride USING btree (site, seq);
CREATE INDEX schedule_gatetask_appointment_id_d6e06f49 ON public.schedule_gatetask USING btree (appointment_id);
CREATE INDEX schedule_gatetask_owner_id_7b514dda ON public.schedule_gatetask USING btree (owner_id);
CREATE UNIQUE INDEX schedule_room_name ON public.schedule_room USING btree (site_id, name);
CREATE INDEX schedule_room_site_id_bb0c8bcf ON public.schedule_room USING btree (site_id);
CREATE INDEX schedule_shift_site_id_38cd94e7 ON public.schedule_shift USING btree (site_id);
CREATE INDEX schedule_shift_staff_id_017bd208 ON public.schedule_shift USING btree (staff_id);
CREATE INDEX schedule_site_start ON public.schedule_appointment USING btree (site_id, starts_at);
CREATE UNIQUE INDEX schedule_task_once ON public.schedule_gatetask USING btree (appointment_id, gate);
CREATE INDEX schedule_visitanswer_appointment_id_9f21f952 ON public.schedule_visitanswer USING btree (appointment_id);
CREATE INDEX schedule_visitanswer_patient_id_fec58b2e ON public.schedule_visitanswer USING btree (patient_id);
CREATE UNIQUE INDEX schedule_visitanswer_seq ON public.schedule_visitanswer USING btree (site, seq);
CREATE INDEX schedule_waiting_course_id_4621b639 ON public.schedule_waiting USING btree (course_id);
CREATE INDEX schedule_waiting_patient_id_15f9070a ON public.schedule_waiting USING btree (patient_id);
CREATE INDEX schedule_waiting_site_id_8789257c ON public.schedule_waiting USING btree (site_id);
CREATE INDEX session_check_kind_3b17a8ae ON public.session_check USING btree (kind);
CREATE INDEX session_check_kind_3b17a8ae_like ON public.session_check USING btree (kind varchar_pattern_ops);
CREATE UNIQUE INDEX session_check_seq ON public.session_check USING btree (site, seq);
CREATE INDEX session_check_session_id_5b6fc55d ON public.session_check USING btree (session_id);
CREATE UNIQUE INDEX session_dose_seq ON public.session_dose USING btree (site, seq);
CREATE INDEX session_dose_session_id_ac458cd2 ON public.session_dose USING btree (session_id);
CREATE UNIQUE INDEX session_event_seq ON public.session_event USING btree (site, seq);
CREATE INDEX session_event_session_id_d5236c30 ON public.session_event USING btree (session_id);
CREATE UNIQUE INDEX session_gateentry_seq ON public.session_gateentry USING btree (site, seq);
CREATE INDEX session_gateentry_session_id_2dcd3b41 ON public.session_gateentry USING btree (session_id);
CREATE UNIQUE INDEX session_gateresult_seq ON public.session_gateresult USING btree (site, seq);
CREATE INDEX session_gateresult_session_id_99017779 ON public.session_gateresult USING btree (session_id);
CREATE UNIQUE INDEX session_photo_seq ON public.session_photo USING btree (site, seq);
CREATE INDEX session_photo_session_id_1f72a742 ON public.session_photo USING btree (session_id);
CREATE UNIQUE INDEX session_sessionmove_seq ON public.session_sessionmove USING btree (site, seq);
CREATE INDEX session_sessionmove_session_id_7c5f7cfc ON public.session_sessionmove USING btree (session_id);
CREATE INDEX session_site_state ON public.session_treatmentsession USING btree (site_id, state);
CREATE INDEX session_treatmentsession_chair_id_3b807036 ON public.session_treatmentsession USING btree (chair_id);
CREATE INDEX session_treatmentsession_course_id_96b6d15a ON public.session_treatmentsession USING btree (course_id);
CREATE INDEX session_treatmentsession_nurse_id_7b667d58 ON public.session_treatmentsession USING btree (nurse_id);
CREATE INDEX session_treatmentsession_order_id_e2a011cb ON public.session_treatmentsession USING btree (order_id);
CREATE INDEX session_treatmentsession_patient_id_4e49ea31 ON public.session_treatmentsession USING btree (patient_id);
CREATE INDEX session_treatmentsession_site_id_2c350f99 ON public.session_treatmentsession USING btree (site_id);
CREATE INDEX session_treatmentsession_state_c53fccf7 ON public.session_treatmentsession USING btree (state);
CREATE INDEX session_treatmentsession_state_c53fccf7_like ON public.session_treatmentsession USING btree (state varchar_pattern_ops);
CREATE INDEX stock_casestep_case_id_90b740dd ON public.stock_casestep USING btree (case_id);
CREATE UNIQUE INDEX stock_casestep_seq ON public.stock_casestep USING btree (site, seq);
CREATE UNIQUE INDEX stock_countresult_seq ON public.stock_countresult USING btree (site, seq);
CREATE INDEX stock_countsheet_count_id_3f9ebca0 ON public.stock_countsheet USING btree (count_id);
CREATE UNIQUE INDEX stock_countsheet_seq ON public.stock_countsheet USING btree (site, seq);
CREATE INDEX stock_inventory_result_id_7e565327 ON public.stock_inventory USING btree (result_id);
CREATE UNIQUE INDEX stock_inventory_seq ON public.stock_inventory USING btree (site, seq);
CREATE UNIQUE INDEX stock_line_follows ON public.stock_stockline USING btree (site, prev_line);
CREATE UNIQUE INDEX stock_line_no ON public.stock_stockline USING btree (site, line_no);
CREATE INDEX stock_line_vial ON public.stock_stockline USING btree (vial_id, line_no);
CREATE INDEX stock_lossreport_case_id_31039af3 ON public.stock_lossreport USING btree (case_id);
CREATE UNIQUE INDEX stock_lossreport_seq ON public.stock_lossreport USING btree (site, seq);
CREATE UNIQUE INDEX stock_receipt_seq ON public.stock_receipt USING btree (site, seq);
CREATE UNIQUE INDEX stock_shipment_seq ON public.stock_shipment USING btree (site, seq);
CREATE UNIQUE INDEX stock_stockcase_seq ON public.stock_stockcase USING btree (site, seq);
CREATE UNIQUE INDEX stock_stockcount_seq ON public.stock_stockcount USING btree (site, seq);
CREATE INDEX stock_stockline_belongs_to_d69e6749 ON public.stock_stockline USING btree (belongs_to);
CREATE INDEX stock_stockline_line_a3f37e2b_like ON public.stock_stockline USING btree (line varchar_pattern_ops);
CREATE UNIQUE INDEX stock_stockline_seq ON public.stock_stockline USING btree (site, seq);
CREATE INDEX stock_stockline_session_uid_771dae9d ON public.stock_stockline USING btree (session_uid);
CREATE INDEX stock_stockline_vial_id_e74a28e2 ON public.stock_stockline USING btree (vial_id);
CREATE UNIQUE INDEX stock_vial_code ON public.stock_vial USING btree (site_id, code);
CREATE INDEX stock_vial_receipt_id_4f9c5338 ON public.stock_vial USING btree (receipt_id);
CREATE INDEX stock_vial_site_id_c5f387c3 ON public.stock_vial USING btree (site_id);
CREATE INDEX stock_vial_use ON public.stock_vial USING btree (site_id, drug, expires);
CREATE UNIQUE INDEX therapy_breakglass_seq ON public.therapy_breakglass USING btree (site, seq);
CREATE INDEX therapy_breakglass_therapy_id_cc1b8871 ON public.therapy_breakglass USING btree (therapy_id);
CREATE UNIQUE INDEX therapy_clearance_seq ON public.therapy_clearance USING btree (site, seq);
CREATE INDEX therapy_clearance_therapy_id_212276b4 ON public.therapy_clearance USING btree (therapy_id);
CREATE UNIQUE INDEX therapy_goal_seq ON public.therapy_goal USING btree (site, seq);
CREATE INDEX therapy_goal_therapy_id_391d6e6e ON public.therapy_goal USING btree (therapy_id);
CREATE INDEX therapy_goalstep_goal_id_ca21982c ON public.therapy_goalstep USING btree (goal_id);
CREATE UNIQUE INDEX therapy_goalstep_seq ON public.therapy_goalstep USING btree (site, seq);
CREATE INDEX therapy_goalstep_therapy_id_cab64737 ON public.therapy_goalstep USING btree (therapy_id);
CREATE INDEX therapy_group_members_group_id_189a69ca ON public.therapy_group_members USING btree (group_id);
CREATE INDEX therapy_group_members_therapy_id_eaf6647e ON public.therapy_group_members USING btree (therapy_id);
CREATE INDEX therapy_group_site_id_e5782e2d ON public.therapy_group USING btree (site_id);
CREATE INDEX therapy_group_therapist_id_82588bfd ON public.therapy_group USING btree (therapist_id);
CREATE INDEX therapy_groupnote_group_id_402e1ac8 ON public.therapy_groupnote USING btree (group_id);
CREATE UNIQUE INDEX therapy_groupnote_seq ON public.therapy_groupnote USING btree (site, seq);
CREATE UNIQUE INDEX therapy_itemsettled_seq ON public.therapy_itemsettled USING btree (site, seq);
CREATE INDEX therapy_itemsettled_therapy_id_e13524c8 ON public.therapy_itemsettled USING btree (therapy_id);
CREATE INDEX therapy_journal_patient_id_b2f88b42 ON public.therapy_journal USING btree (patient_id);
CREATE UNIQUE INDEX therapy_journal_seq ON public.therapy_journal USING btree (site, seq);
CREATE INDEX therapy_journalshare_page_id_106efba3 ON public.therapy_journalshare USING btree (page_id);
CREATE UNIQUE INDEX therapy_journalshare_seq ON public.therapy_journalshare USING btree (site, seq);
CREATE INDEX therapy_note_group_id_3733394d ON public.therapy_note USING btree (group_id);
CREATE INDEX therapy_note_kind_9731a196 ON public.therapy_note USING btree (kind);
CREATE INDEX therapy_note_kind_9731a196_like ON public.therapy_note USING btree (kind varchar_pattern_ops);
CREATE UNIQUE INDEX therapy_note_seq ON public.therapy_note USING btree (site, seq);
CREATE INDEX therapy_note_session_id_b151bf04 ON public.therapy_note USING btree (session_id);
CREATE INDEX therapy_note_therapy_id_4a16843a ON public.therapy_note USING btree (therapy_id);
CREATE UNIQUE INDEX therapy_one_open_each ON public.therapy_therapy USING btree (course_id, therapist_id) WHERE (ended_at IS NULL);
CREATE UNIQUE INDEX therapy_openitem_seq ON public.therapy_openitem USING btree (site, seq);
CREATE INDEX therapy_openitem_therapy_id_9ce4d9fd ON public.therapy_openitem USING btree (therapy_id);
CREATE UNIQUE INDEX therapy_summary_seq ON public.therapy_summary USING btree (site, seq);
CREATE INDEX therapy_summary_therapy_id_1141acc8 ON public.therapy_summary USING btree (therapy_id);
CREATE UNIQUE INDEX therapy_summaryword_seq ON public.therapy_summaryword USING btree (site, seq);
CREATE INDEX therapy_summaryword_summary_id_e55e0d44 ON public.therapy_summaryword USING btree (summary_id);
CREATE INDEX therapy_summaryword_therapy_id_62f676af ON public.therapy_summaryword USING btree (therapy_id);
CREATE UNIQUE INDEX therapy_supervision_seq ON public.therapy_supervision USING btree (site, seq);
CREATE INDEX therapy_supervision_supervisor_id_ea6807c4 ON public.therapy_supervision USING btree (supervisor_id);
CREATE INDEX therapy_supervision_therapy_id_19225ba7 ON public.therapy_supervision USING btree (therapy_id);
CREATE INDEX therapy_therapy_course_id_b08ddafc ON public.therapy_therapy USING btree (course_id);
CREATE INDEX therapy_therapy_patient_id_2a909ab4 ON public.therapy_therapy USING btree (patient_id);
CREATE INDEX therapy_therapy_site_id_081a0a26 ON public.therapy_therapy USING btree (site_id);
CREATE INDEX therapy_therapy_therapist_id_a79fa5b8 ON public.therapy_therapy USING btree (therapist_id);
CREATE UNIQUE INDEX unique_authenticator_type ON public.mfa_authenticator USING btree (user_id, type) WHERE ((type)::text = ANY ((ARRAY['totp'::character varying, 'recovery_codes'::character varying])::text[]));
CREATE UNIQUE INDEX unique_primary_email ON public.account_emailaddress USING btree (user_id, "primary") WHERE "primary";
CREATE UNIQUE INDEX unique_verified_email ON public.account_emailaddress USING btree (email) WHERE verified;
CREATE INDEX vitals_attachment_device ON public.vitals_attachment USING btree (device_id, start);
CREATE INDEX vitals_attachment_device_id_117222fc ON public.vitals_attachment USING btree (device_id);
CREATE INDEX vitals_attachment_patient_id_d37922e0 ON public.vitals_attachment USING btree (patient_id);
CREATE UNIQUE INDEX vitals_attachment_seq ON public.vitals_attachment USING btree (site, seq);
CREATE INDEX vitals_device_chair_id_59b100a6 ON public.vitals_device USING btree (chair_id);
CREATE UNIQUE INDEX vitals_device_key ON public.vitals_device USING btree (site_id, key);
CREATE INDEX vitals_device_site_id_9c1d4fc0 ON public.vitals_device USING btree (site_id);
CREATE INDEX vitals_message_control ON public.vitals_message USING btree (device_id, control_id);
CREATE INDEX vitals_message_device_id_6401ecef ON public.vitals_message USING btree (device_id);
CREATE UNIQUE INDEX vitals_message_seq ON public.vitals_message USING btree (site, seq);
CREATE INDEX vitals_reading_device_at ON public.vitals_reading USING btree (device_id, happened_at);
CREATE INDEX vitals_reading_message ON public.vitals_reading USING btree (message_id);
CREATE INDEX vitals_reading_patient_at ON public.vitals_reading USING btree (patient_id, happened_at);
CREATE UNIQUE INDEX vitals_reading_seq ON public.vitals_reading USING btree (site, seq);
CREATE INDEX vitals_reading_usable ON public.vitals_reading USING btree (device_id, signal, happened_at) INCLUDE (value, mode, seq) WHERE (((quality)::text = ANY ((ARRAY['good'::character varying, 'questionable'::character varying])::text[])) AND (NOT retracted) AND (value IS NOT NULL));
CREATE INDEX vitals_reading_why ON public.vitals_reading USING btree (device_id, happened_at) WHERE (NOT ((why)::text = ''::text));
CREATE INDEX vitals_readingmark_patient_id_fcd621ef ON public.vitals_readingmark USING btree (patient_id);
CREATE UNIQUE INDEX vitals_readingmark_seq ON public.vitals_readingmark USING btree (site, seq);
CREATE INDEX web_cache_expires ON public.web_cache USING btree (expires);
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.candidacy_considered FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.candidacy_decision FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.candidacy_measured FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.candidacy_override FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.consent_answer FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.consent_question FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.consent_signature FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.consent_verdict FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.consent_version FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.consent_withdrawal FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.consent_witness FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.course_coursefact FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.course_coursemove FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.followup_contactattempt FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.followup_followupstop FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.followup_pointending FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.followup_reminder FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.followup_watchsignal FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.intake_answer FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.intake_insurancecard FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.intake_medicineline FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.intake_safetycall FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.intake_trialline FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.monitoring_alarmevent FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.monitoring_drillresult FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.monitoring_limitchange FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.people_patientnote FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.plan_order FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.plan_plan FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.portal_datarequest FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.portal_requeststep FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.post_enclosure FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.post_letter FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.post_seen FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.public_estimate FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.public_pageverdict FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.public_pageversion FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.record_access FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.record_adminchange FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.record_adoption FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.record_decision FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.recovery_addendum FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.recovery_discharge FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.recovery_recordsignature FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.recovery_recoverycheck FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.registry_export FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.registry_withdrawaltold FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.scales_alert FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.scales_assessment FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.scales_crisishelp FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.scales_givenanswer FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.scales_openedsheet FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.scales_scaledefinition FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.scales_scaletext FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.schedule_gateoverride FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.schedule_visitanswer FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.session_check FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.session_dose FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.session_event FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.session_gateentry FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.session_gateresult FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.session_photo FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.session_sessionmove FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.stock_casestep FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.stock_countresult FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.stock_countsheet FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.stock_inventory FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.stock_lossreport FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.stock_receipt FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.stock_shipment FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.stock_stockcase FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.stock_stockcount FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.stock_stockline FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.therapy_breakglass FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.therapy_clearance FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.therapy_goal FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.therapy_goalstep FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.therapy_groupnote FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.therapy_itemsettled FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.therapy_journal FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.therapy_journalshare FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.therapy_note FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.therapy_openitem FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.therapy_summary FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.therapy_summaryword FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.therapy_supervision FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.vitals_attachment FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.vitals_message FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.vitals_reading FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_rows BEFORE DELETE OR UPDATE ON public.vitals_readingmark FOR EACH ROW EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.candidacy_considered FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.candidacy_decision FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.candidacy_measured FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.candidacy_override FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.consent_answer FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.consent_question FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.consent_signature FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.consent_verdict FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.consent_version FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.consent_withdrawal FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.consent_witness FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.course_coursefact FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.course_coursemove FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.followup_contactattempt FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.followup_followupstop FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.followup_pointending FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.followup_reminder FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.followup_watchsignal FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.intake_answer FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.intake_insurancecard FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.intake_medicineline FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.intake_safetycall FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.intake_trialline FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.monitoring_alarmevent FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.monitoring_drillresult FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.monitoring_limitchange FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.people_patientnote FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.plan_order FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.plan_plan FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.portal_datarequest FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.portal_requeststep FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.post_enclosure FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.post_letter FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.post_seen FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.public_estimate FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.public_pageverdict FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.public_pageversion FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.record_access FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.record_adminchange FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.record_adoption FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.record_decision FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.recovery_addendum FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.recovery_discharge FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.recovery_recordsignature FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.recovery_recoverycheck FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.registry_export FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.registry_withdrawaltold FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.scales_alert FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.scales_assessment FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.scales_crisishelp FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.scales_givenanswer FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.scales_openedsheet FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.scales_scaledefinition FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.scales_scaletext FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.schedule_gateoverride FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.schedule_visitanswer FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.session_check FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.session_dose FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.session_event FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.session_gateentry FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.session_gateresult FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.session_photo FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.session_sessionmove FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.stock_casestep FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.stock_countresult FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.stock_countsheet FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.stock_inventory FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.stock_lossreport FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.stock_receipt FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.stock_shipment FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.stock_stockcase FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.stock_stockcount FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.stock_stockline FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.therapy_breakglass FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.therapy_clearance FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.therapy_goal FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.therapy_goalstep FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.therapy_groupnote FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.therapy_itemsettled FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.therapy_journal FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.therapy_journalshare FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.therapy_note FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.therapy_openitem FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.therapy_summary FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.therapy_summaryword FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.therapy_supervision FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.vitals_attachment FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.vitals_message FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.vitals_reading FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON public.vitals_readingmark FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER head_only_grows BEFORE DELETE OR UPDATE ON public.record_head FOR EACH ROW EXECUTE FUNCTION public.stillhaven_head_only_grows();
CREATE TRIGGER head_stays BEFORE TRUNCATE ON public.record_head FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
CREATE TRIGGER procrastinate_jobs_notify_queue_job_aborted_v1 AFTER UPDATE OF abort_requested ON public.procrastinate_jobs FOR EACH ROW WHEN (((old.abort_requested = false) AND (new.abort_requested = true) AND (new.status = 'doing'::public.procrastinate_job_status))) EXECUTE FUNCTION public.procrastinate_notify_queue_abort_job_v1();
CREATE TRIGGER procrastinate_jobs_notify_queue_job_inserted_v1 AFTER INSERT ON public.procrastinate_jobs FOR EACH ROW WHEN ((new.status = 'todo'::public.procrastinate_job_status)) EXECUTE FUNCTION public.procrastinate_notify_queue_job_inserted_v1();
CREATE TRIGGER procrastinate_trigger_abort_requested_events_v1 AFTER UPDATE OF abort_requested ON public.procrastinate_jobs FOR EACH ROW WHEN ((new.abort_requested = true)) EXECUTE FUNCTION public.procrastinate_trigger_abort_requested_events_procedure_v1();
CREATE TRIGGER procrastinate_trigger_delete_jobs_v1 BEFORE DELETE ON public.procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION public.procrastinate_unlink_periodic_defers_v1();
CREATE TRIGGER procrastinate_trigger_scheduled_events_v1 AFTER INSERT OR UPDATE ON public.procrastinate_jobs FOR EACH ROW WHEN (((new.scheduled_at IS NOT NULL) AND (new.status = 'todo'::public.procrastinate_job_status))) EXECUTE FUNCTION public.procrastinate_trigger_function_scheduled_events_v1();
CREATE TRIGGER procrastinate_trigger_status_events_insert_v1 AFTER INSERT ON public.procrastinate_jobs FOR EACH ROW WHEN ((new.status = 'todo'::public.procrastinate_job_status)) EXECUTE FUNCTION public.procrastinate_trigger_function_status_events_insert_v1();
CREATE TRIGGER procrastinate_trigger_status_events_update_v1 AFTER UPDATE OF status ON public.procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION public.procrastinate_trigger_function_status_events_update_v1();
CREATE TRIGGER schedule_lanes_as_adopted BEFORE INSERT OR UPDATE OF nurse_id, lane, lanes, starts_at, ends_at ON public.schedule_appointment FOR EACH ROW EXECUTE FUNCTION public.schedule_lanes_as_adopted();
CREATE TRIGGER stock_line_continues BEFORE INSERT ON public.stock_stockline FOR EACH ROW EXECUTE FUNCTION public.stillhaven_stock_line();
CREATE CONSTRAINT TRIGGER stock_line_sums AFTER INSERT ON public.stock_stockline DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.stillhaven_stock_sums();
CREATE TRIGGER stock_vial_by_lines_alone BEFORE INSERT OR DELETE OR UPDATE ON public.stock_vial FOR EACH ROW EXECUTE FUNCTION public.stillhaven_stock_vial();
CREATE TRIGGER stock_vial_stays BEFORE TRUNCATE ON public.stock_vial FOR EACH STATEMENT EXECUTE FUNCTION public.stillhaven_append_only();
ALTER TABLE ONLY public.account_emailaddress
    ADD CONSTRAINT account_emailaddress_user_id_2c513194_fk_people_user_id FOREIGN KEY (user_id) REFERENCES public.people_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.account_emailconfirmation
    ADD CONSTRAINT account_emailconfirm_email_address_id_5b7f8c58_fk_account_e FOREIGN KEY (email_address_id) REFERENCES public.account_emailaddress(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissio_permission_id_84c5c92e_fk_auth_perm FOREIGN KEY (permission_id) REFERENCES public.auth_permission(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_group_id_b120cbf9_fk_auth_group_id FOREIGN KEY (group_id) REFERENCES public.auth_group(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.auth_permission
    ADD CONSTRAINT auth_permission_content_type_id_2f476e4b_fk_django_co FOREIGN KEY (content_type_id) REFERENCES public.django_content_type(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.axes_accessattemptexpiration
    ADD CONSTRAINT axes_accessattemptex_access_attempt_id_6b73a47a_fk_axes_acce FOREIGN KEY (access_attempt_id) REFERENCES public.axes_accessattempt(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.candidacy_considered
    ADD CONSTRAINT candidacy_considered_amends_id_e38ec28c_fk_candidacy FOREIGN KEY (amends_id) REFERENCES public.candidacy_considered(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.candidacy_considered
    ADD CONSTRAINT candidacy_considered_course_id_d1ae253f_fk_course_course_id FOREIGN KEY (course_id) REFERENCES public.course_course(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.candidacy_considered
    ADD CONSTRAINT candidacy_considered_patient_id_5ffd134a_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.candidacy_decision
    ADD CONSTRAINT candidacy_decision_amends_id_030ff6f4_fk_candidacy_decision_uid FOREIGN KEY (amends_id) REFERENCES public.candidacy_decision(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.candidacy_decision
    ADD CONSTRAINT candidacy_decision_course_id_9da33113_fk_course_course_id FOREIGN KEY (course_id) REFERENCES public.course_course(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.candidacy_decision
    ADD CONSTRAINT candidacy_decision_patient_id_b82e44f5_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.candidacy_measured
    ADD CONSTRAINT candidacy_measured_amends_id_5bf64c80_fk_candidacy_measured_uid FOREIGN KEY (amends_id) REFERENCES public.candidacy_measured(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.candidacy_measured
    ADD CONSTRAINT candidacy_measured_patient_id_e72891ca_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.candidacy_override
    ADD CONSTRAINT candidacy_override_amends_id_d56962a3_fk_candidacy_override_uid FOREIGN KEY (amends_id) REFERENCES public.candidacy_override(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.candidacy_override
    ADD CONSTRAINT candidacy_override_course_id_9e4c2efb_fk_course_course_id FOREIGN KEY (course_id) REFERENCES public.course_course(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.candidacy_override
    ADD CONSTRAINT candidacy_override_patient_id_9e749102_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.consent_answer
    ADD CONSTRAINT consent_answer_amends_id_9b2c6e42_fk_consent_answer_uid FOREIGN KEY (amends_id) REFERENCES public.consent_answer(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.consent_answer
    ADD CONSTRAINT consent_answer_patient_id_64d566ec_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.consent_answer
    ADD CONSTRAINT consent_answer_question_id_2bbeae91_fk_consent_question_uid FOREIGN KEY (question_id) REFERENCES public.consent_question(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.consent_question
    ADD CONSTRAINT consent_question_amends_id_95e238da_fk_consent_question_uid FOREIGN KEY (amends_id) REFERENCES public.consent_question(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.consent_question
    ADD CONSTRAINT consent_question_patient_id_81f34802_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.consent_signature
    ADD CONSTRAINT consent_signature_amends_id_6e0db0f2_fk_consent_signature_uid FOREIGN KEY (amends_id) REFERENCES public.consent_signature(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.consent_signature
    ADD CONSTRAINT consent_signature_course_id_3a860190_fk_course_course_id FOREIGN KEY (course_id) REFERENCES public.course_course(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.consent_signature
    ADD CONSTRAINT consent_signature_patient_id_05239928_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.consent_signature
    ADD CONSTRAINT consent_signature_version_id_7c74ec38_fk_consent_version_uid FOREIGN KEY (version_id) REFERENCES public.consent_version(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.consent_verdict
    ADD CONSTRAINT consent_verdict_amends_id_ab951c4b_fk_consent_verdict_uid FOREIGN KEY (amends_id) REFERENCES public.consent_verdict(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.consent_verdict
    ADD CONSTRAINT consent_verdict_version_id_485aeda4_fk_consent_version_uid FOREIGN KEY (version_id) REFERENCES public.consent_version(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.consent_version
    ADD CONSTRAINT consent_version_amends_id_5cbd5c1c_fk_consent_version_uid FOREIGN KEY (amends_id) REFERENCES public.consent_version(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.consent_withdrawal
    ADD CONSTRAINT consent_withdrawal_amends_id_2130deb9_fk_consent_withdrawal_uid FOREIGN KEY (amends_id) REFERENCES public.consent_withdrawal(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.consent_withdrawal
    ADD CONSTRAINT consent_withdrawal_patient_id_c8ca3284_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.consent_witness
    ADD CONSTRAINT consent_witness_amends_id_41f76888_fk_consent_witness_uid FOREIGN KEY (amends_id) REFERENCES public.consent_witness(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.consent_witness
    ADD CONSTRAINT consent_witness_patient_id_2a0174d0_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.consent_witness
    ADD CONSTRAINT consent_witness_signature_id_c6e5ab7a_fk_consent_signature_uid FOREIGN KEY (signature_id) REFERENCES public.consent_signature(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.course_course
    ADD CONSTRAINT course_course_patient_id_6197145e_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.course_course
    ADD CONSTRAINT course_course_site_id_cd5c18b1_fk_people_site_id FOREIGN KEY (site_id) REFERENCES public.people_site(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.course_coursefact
    ADD CONSTRAINT course_coursefact_amends_id_c08110cb_fk_course_coursefact_uid FOREIGN KEY (amends_id) REFERENCES public.course_coursefact(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.course_coursefact
    ADD CONSTRAINT course_coursefact_course_id_d45717e7_fk_course_course_id FOREIGN KEY (course_id) REFERENCES public.course_course(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.course_coursefact
    ADD CONSTRAINT course_coursefact_patient_id_b439f15c_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.course_coursemove
    ADD CONSTRAINT course_coursemove_amends_id_eca66974_fk_course_coursemove_uid FOREIGN KEY (amends_id) REFERENCES public.course_coursemove(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.course_coursemove
    ADD CONSTRAINT course_coursemove_course_id_82d01a76_fk_course_course_id FOREIGN KEY (course_id) REFERENCES public.course_course(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.followup_contactattempt
    ADD CONSTRAINT followup_contactatte_amends_id_6da7b097_fk_followup_ FOREIGN KEY (amends_id) REFERENCES public.followup_contactattempt(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.followup_contactattempt
    ADD CONSTRAINT followup_contactatte_patient_id_e6ca87a8_fk_people_pa FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.followup_contactattempt
    ADD CONSTRAINT followup_contactattempt_course_id_b66eb3f3_fk_course_course_id FOREIGN KEY (course_id) REFERENCES public.course_course(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.followup_followupowner
    ADD CONSTRAINT followup_followupowner_course_id_19c53b63_fk_course_course_id FOREIGN KEY (course_id) REFERENCES public.course_course(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.followup_followupowner
    ADD CONSTRAINT followup_followupowner_owner_id_0a820fa0_fk_people_user_id FOREIGN KEY (owner_id) REFERENCES public.people_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.followup_followupstop
    ADD CONSTRAINT followup_followupsto_amends_id_2ae2546c_fk_followup_ FOREIGN KEY (amends_id) REFERENCES public.followup_followupstop(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.followup_followupstop
    ADD CONSTRAINT followup_followupstop_course_id_de940446_fk_course_course_id FOREIGN KEY (course_id) REFERENCES public.course_course(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.followup_followupstop
    ADD CONSTRAINT followup_followupstop_patient_id_40ba522e_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.followup_pointending
    ADD CONSTRAINT followup_pointending_amends_id_cd71540d_fk_followup_ FOREIGN KEY (amends_id) REFERENCES public.followup_pointending(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.followup_pointending
    ADD CONSTRAINT followup_pointending_course_id_840d6616_fk_course_course_id FOREIGN KEY (course_id) REFERENCES public.course_course(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.followup_pointending
    ADD CONSTRAINT followup_pointending_patient_id_c17532c7_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.followup_reminder
    ADD CONSTRAINT followup_reminder_amends_id_a87ac9f7_fk_followup_reminder_uid FOREIGN KEY (amends_id) REFERENCES public.followup_reminder(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.followup_reminder
    ADD CONSTRAINT followup_reminder_course_id_4f6aec72_fk_course_course_id FOREIGN KEY (course_id) REFERENCES public.course_course(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.followup_reminder
    ADD CONSTRAINT followup_reminder_link_id_e22c761b_fk_scales_checkinlink_id FOREIGN KEY (link_id) REFERENCES public.scales_checkinlink(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.followup_reminder
    ADD CONSTRAINT followup_reminder_patient_id_bb62d356_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.followup_watchsignal
    ADD CONSTRAINT followup_watchsignal_amends_id_c26272b9_fk_followup_ FOREIGN KEY (amends_id) REFERENCES public.followup_watchsignal(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.followup_watchsignal
    ADD CONSTRAINT followup_watchsignal_course_id_1446e684_fk_course_course_id FOREIGN KEY (course_id) REFERENCES public.course_course(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.followup_watchsignal
    ADD CONSTRAINT followup_watchsignal_patient_id_a934b09a_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.followup_watchtask
    ADD CONSTRAINT followup_watchtask_owner_id_d0f79c31_fk_people_user_id FOREIGN KEY (owner_id) REFERENCES public.people_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.followup_watchtask
    ADD CONSTRAINT followup_watchtask_signal_id_631ef868_fk_followup_ FOREIGN KEY (signal_id) REFERENCES public.followup_watchsignal(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.followup_watchtask
    ADD CONSTRAINT followup_watchtask_site_id_611606ff_fk_people_site_id FOREIGN KEY (site_id) REFERENCES public.people_site(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.intake_answer
    ADD CONSTRAINT intake_answer_amends_id_5fc46a0a_fk_intake_answer_uid FOREIGN KEY (amends_id) REFERENCES public.intake_answer(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.intake_answer
    ADD CONSTRAINT intake_answer_patient_id_29eda9ec_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.intake_draft
    ADD CONSTRAINT intake_draft_author_id_5dc66221_fk_people_user_id FOREIGN KEY (author_id) REFERENCES public.people_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.intake_draft
    ADD CONSTRAINT intake_draft_intake_id_b4c911a2_fk_intake_intake_id FOREIGN KEY (intake_id) REFERENCES public.intake_intake(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.intake_insurancecard
    ADD CONSTRAINT intake_insurancecard_amends_id_16b97666_fk_intake_in FOREIGN KEY (amends_id) REFERENCES public.intake_insurancecard(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.intake_insurancecard
    ADD CONSTRAINT intake_insurancecard_patient_id_a0174edc_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.intake_intake
    ADD CONSTRAINT intake_intake_course_id_afb73b10_fk_course_course_id FOREIGN KEY (course_id) REFERENCES public.course_course(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.intake_intake
    ADD CONSTRAINT intake_intake_patient_id_25e8ff53_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.intake_intake
    ADD CONSTRAINT intake_intake_reviewed_by_id_cdeaa918_fk_people_user_id FOREIGN KEY (reviewed_by_id) REFERENCES public.people_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.intake_medicineline
    ADD CONSTRAINT intake_medicineline_amends_id_b19bdaed_fk_intake_me FOREIGN KEY (amends_id) REFERENCES public.intake_medicineline(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.intake_medicineline
    ADD CONSTRAINT intake_medicineline_patient_id_09201350_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.intake_safetycall
    ADD CONSTRAINT intake_safetycall_amends_id_b3108f2e_fk_intake_safetycall_uid FOREIGN KEY (amends_id) REFERENCES public.intake_safetycall(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.intake_safetycall
    ADD CONSTRAINT intake_safetycall_answer_id_f9d10fb4_fk_intake_answer_uid FOREIGN KEY (answer_id) REFERENCES public.intake_answer(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.intake_safetycall
    ADD CONSTRAINT intake_safetycall_call_id_d8446cb2_fk_intake_safetycall_uid FOREIGN KEY (call_id) REFERENCES public.intake_safetycall(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.intake_safetycall
    ADD CONSTRAINT intake_safetycall_patient_id_88e2e6c2_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.intake_trialline
    ADD CONSTRAINT intake_trialline_amends_id_44508408_fk_intake_trialline_uid FOREIGN KEY (amends_id) REFERENCES public.intake_trialline(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.intake_trialline
    ADD CONSTRAINT intake_trialline_patient_id_f82d0968_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.mfa_authenticator
    ADD CONSTRAINT mfa_authenticator_user_id_0c3a50c0_fk_people_user_id FOREIGN KEY (user_id) REFERENCES public.people_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.monitoring_alarmevent
    ADD CONSTRAINT monitoring_alarmeven_amends_id_3757a1f1_fk_monitorin FOREIGN KEY (amends_id) REFERENCES public.monitoring_alarmevent(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.monitoring_alarmevent
    ADD CONSTRAINT monitoring_alarmeven_session_id_105fa423_fk_session_t FOREIGN KEY (session_id) REFERENCES public.session_treatmentsession(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.monitoring_drillresult
    ADD CONSTRAINT monitoring_drillresu_amends_id_f31976f6_fk_monitorin FOREIGN KEY (amends_id) REFERENCES public.monitoring_drillresult(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.monitoring_limitchange
    ADD CONSTRAINT monitoring_limitchan_amends_id_e0826059_fk_monitorin FOREIGN KEY (amends_id) REFERENCES public.monitoring_limitchange(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.monitoring_limitchange
    ADD CONSTRAINT monitoring_limitchan_session_id_dbf9e06b_fk_session_t FOREIGN KEY (session_id) REFERENCES public.session_treatmentsession(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.people_apitoken
    ADD CONSTRAINT people_apitoken_site_id_fa5184de_fk_people_site_id FOREIGN KEY (site_id) REFERENCES public.people_site(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.people_patient
    ADD CONSTRAINT people_patient_site_id_6c3ec56c_fk_people_site_id FOREIGN KEY (site_id) REFERENCES public.people_site(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.people_patientnote
    ADD CONSTRAINT people_patientnote_amends_id_55012a7a_fk_people_patientnote_uid FOREIGN KEY (amends_id) REFERENCES public.people_patientnote(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.people_patientnote
    ADD CONSTRAINT people_patientnote_patient_id_864197b9_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.people_rosterplace
    ADD CONSTRAINT people_rosterplace_user_id_27113293_fk_people_user_id FOREIGN KEY (user_id) REFERENCES public.people_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.people_user
    ADD CONSTRAINT people_user_patient_id_41f4b254_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.people_user_sites
    ADD CONSTRAINT people_user_sites_site_id_dd07adf6_fk_people_site_id FOREIGN KEY (site_id) REFERENCES public.people_site(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.people_user_sites
    ADD CONSTRAINT people_user_sites_user_id_96c4d24d_fk_people_user_id FOREIGN KEY (user_id) REFERENCES public.people_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.plan_order
    ADD CONSTRAINT plan_order_amends_id_169ea8e0_fk_plan_order_uid FOREIGN KEY (amends_id) REFERENCES public.plan_order(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.plan_order
    ADD CONSTRAINT plan_order_course_id_292a715b_fk_course_course_id FOREIGN KEY (course_id) REFERENCES public.course_course(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.plan_order
    ADD CONSTRAINT plan_order_patient_id_48abe40d_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.plan_order
    ADD CONSTRAINT plan_order_plan_id_f7b5d125_fk_plan_plan_uid FOREIGN KEY (plan_id) REFERENCES public.plan_plan(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.plan_plan
    ADD CONSTRAINT plan_plan_amends_id_3206e998_fk_plan_plan_uid FOREIGN KEY (amends_id) REFERENCES public.plan_plan(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.plan_plan
    ADD CONSTRAINT plan_plan_course_id_747e0667_fk_course_course_id FOREIGN KEY (course_id) REFERENCES public.course_course(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.plan_plan
    ADD CONSTRAINT plan_plan_patient_id_499f5d75_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.portal_caregiver
    ADD CONSTRAINT portal_caregiver_patient_id_ff781f72_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.portal_datarequest
    ADD CONSTRAINT portal_datarequest_amends_id_70fbe3e8_fk_portal_datarequest_uid FOREIGN KEY (amends_id) REFERENCES public.portal_datarequest(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.portal_datarequest
    ADD CONSTRAINT portal_datarequest_patient_id_f15eb40f_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.portal_registration
    ADD CONSTRAINT portal_registration_site_id_62b7e48c_fk_people_site_id FOREIGN KEY (site_id) REFERENCES public.people_site(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.portal_requeststep
    ADD CONSTRAINT portal_requeststep_amends_id_38ad043f_fk_portal_requeststep_uid FOREIGN KEY (amends_id) REFERENCES public.portal_requeststep(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.portal_requeststep
    ADD CONSTRAINT portal_requeststep_patient_id_e9b9cbea_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.portal_requeststep
    ADD CONSTRAINT portal_requeststep_request_id_928c2ebf_fk_portal_da FOREIGN KEY (request_id) REFERENCES public.portal_datarequest(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.post_answertime
    ADD CONSTRAINT post_answertime_site_id_7dd5bbbd_fk_people_site_id FOREIGN KEY (site_id) REFERENCES public.people_site(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.post_enclosure
    ADD CONSTRAINT post_enclosure_amends_id_3299f15d_fk_post_enclosure_uid FOREIGN KEY (amends_id) REFERENCES public.post_enclosure(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.post_enclosure
    ADD CONSTRAINT post_enclosure_letter_id_94a971c2_fk_post_letter_uid FOREIGN KEY (letter_id) REFERENCES public.post_letter(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.post_enclosure
    ADD CONSTRAINT post_enclosure_patient_id_4c0f8acf_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.post_letter
    ADD CONSTRAINT post_letter_amends_id_67e1c94d_fk_post_letter_uid FOREIGN KEY (amends_id) REFERENCES public.post_letter(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.post_letter
    ADD CONSTRAINT post_letter_patient_id_2f3eb98e_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.post_letter
    ADD CONSTRAINT post_letter_thread_id_6a98bd38_fk_post_thread_id FOREIGN KEY (thread_id) REFERENCES public.post_thread(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.post_outmessage
    ADD CONSTRAINT post_outmessage_patient_id_9f2188ae_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.post_outmessage
    ADD CONSTRAINT post_outmessage_site_id_b8bee6b2_fk_people_site_id FOREIGN KEY (site_id) REFERENCES public.people_site(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.post_reach
    ADD CONSTRAINT post_reach_patient_id_74d7573d_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.post_seen
    ADD CONSTRAINT post_seen_amends_id_5701b96b_fk_post_seen_uid FOREIGN KEY (amends_id) REFERENCES public.post_seen(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.post_seen
    ADD CONSTRAINT post_seen_letter_id_179c1a7a_fk_post_letter_uid FOREIGN KEY (letter_id) REFERENCES public.post_letter(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.post_seen
    ADD CONSTRAINT post_seen_patient_id_45edcc12_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.post_thread
    ADD CONSTRAINT post_thread_assigned_to_id_bada73d2_fk_people_user_id FOREIGN KEY (assigned_to_id) REFERENCES public.people_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.post_thread
    ADD CONSTRAINT post_thread_patient_id_5c17cb60_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.post_thread
    ADD CONSTRAINT post_thread_site_id_6c1df44d_fk_people_site_id FOREIGN KEY (site_id) REFERENCES public.people_site(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.post_wish
    ADD CONSTRAINT post_wish_patient_id_2b391433_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.procrastinate_events
    ADD CONSTRAINT procrastinate_events_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.procrastinate_jobs(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.procrastinate_jobs
    ADD CONSTRAINT procrastinate_jobs_worker_id_fkey FOREIGN KEY (worker_id) REFERENCES public.procrastinate_workers(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.procrastinate_periodic_defers
    ADD CONSTRAINT procrastinate_periodic_defers_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.procrastinate_jobs(id);
ALTER TABLE ONLY public.public_billingprovider
    ADD CONSTRAINT public_billingprovider_site_id_d4da64d2_fk_people_site_id FOREIGN KEY (site_id) REFERENCES public.people_site(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.public_centrereport
    ADD CONSTRAINT public_centrereport_centre_id_351bf258_fk_public_centre_id FOREIGN KEY (centre_id) REFERENCES public.public_centre(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.public_clinicprice
    ADD CONSTRAINT public_clinicprice_site_id_aa9dc0d0_fk_people_site_id FOREIGN KEY (site_id) REFERENCES public.people_site(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.public_enquiry
    ADD CONSTRAINT public_enquiry_owner_id_81f715da_fk_people_user_id FOREIGN KEY (owner_id) REFERENCES public.people_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.public_enquiry
    ADD CONSTRAINT public_enquiry_patient_id_7f893b08_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.public_enquiry
    ADD CONSTRAINT public_enquiry_site_id_3244446f_fk_people_site_id FOREIGN KEY (site_id) REFERENCES public.people_site(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.public_estimate
    ADD CONSTRAINT public_estimate_amends_id_6e33a4d8_fk_public_estimate_uid FOREIGN KEY (amends_id) REFERENCES public.public_estimate(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.public_estimate
    ADD CONSTRAINT public_estimate_patient_id_df0a736a_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.public_pageverdict
    ADD CONSTRAINT public_pageverdict_amends_id_21105d2c_fk_public_pageverdict_uid FOREIGN KEY (amends_id) REFERENCES public.public_pageverdict(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.public_pageverdict
    ADD CONSTRAINT public_pageverdict_version_id_b73a5fec_fk_public_pa FOREIGN KEY (version_id) REFERENCES public.public_pageversion(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.public_pageversion
    ADD CONSTRAINT public_pageversion_amends_id_2321cb7a_fk_public_pageversion_uid FOREIGN KEY (amends_id) REFERENCES public.public_pageversion(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.public_selfcheckintake
    ADD CONSTRAINT public_selfcheckintake_patient_id_f13d5f90_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.public_waytopay
    ADD CONSTRAINT public_waytopay_site_id_8c1651a0_fk_people_site_id FOREIGN KEY (site_id) REFERENCES public.people_site(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.record_access
    ADD CONSTRAINT record_access_amends_id_29f3d55d_fk_record_access_uid FOREIGN KEY (amends_id) REFERENCES public.record_access(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.record_adminchange
    ADD CONSTRAINT record_adminchange_amends_id_9378b09f_fk_record_adminchange_uid FOREIGN KEY (amends_id) REFERENCES public.record_adminchange(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.record_adoption
    ADD CONSTRAINT record_adoption_amends_id_2d72b250_fk_record_adoption_uid FOREIGN KEY (amends_id) REFERENCES public.record_adoption(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.record_decision
    ADD CONSTRAINT record_decision_amends_id_11c497fa_fk_record_decision_uid FOREIGN KEY (amends_id) REFERENCES public.record_decision(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.recovery_addendum
    ADD CONSTRAINT recovery_addendum_amends_id_ed01edc1_fk_recovery_addendum_uid FOREIGN KEY (amends_id) REFERENCES public.recovery_addendum(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.recovery_addendum
    ADD CONSTRAINT recovery_addendum_session_id_264190c4_fk_session_t FOREIGN KEY (session_id) REFERENCES public.session_treatmentsession(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.recovery_discharge
    ADD CONSTRAINT recovery_discharge_amends_id_bdd2649a_fk_recovery_discharge_uid FOREIGN KEY (amends_id) REFERENCES public.recovery_discharge(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.recovery_discharge
    ADD CONSTRAINT recovery_discharge_session_id_8c47becd_fk_session_t FOREIGN KEY (session_id) REFERENCES public.session_treatmentsession(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.recovery_recordsignature
    ADD CONSTRAINT recovery_recordsigna_amends_id_88d0ac7c_fk_recovery_ FOREIGN KEY (amends_id) REFERENCES public.recovery_recordsignature(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.recovery_recordsignature
    ADD CONSTRAINT recovery_recordsigna_session_id_31d6ea41_fk_session_t FOREIGN KEY (session_id) REFERENCES public.session_treatmentsession(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.recovery_recoverycheck
    ADD CONSTRAINT recovery_recoveryche_amends_id_b1fb9e9f_fk_recovery_ FOREIGN KEY (amends_id) REFERENCES public.recovery_recoverycheck(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.recovery_recoverycheck
    ADD CONSTRAINT recovery_recoveryche_session_id_2306dd8b_fk_session_t FOREIGN KEY (session_id) REFERENCES public.session_treatmentsession(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.registry_export
    ADD CONSTRAINT registry_export_amends_id_a885bd10_fk_registry_export_uid FOREIGN KEY (amends_id) REFERENCES public.registry_export(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.registry_modelfit
    ADD CONSTRAINT registry_modelfit_site_id_01ead2f2_fk_people_site_id FOREIGN KEY (site_id) REFERENCES public.people_site(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.registry_withdrawaltold
    ADD CONSTRAINT registry_withdrawalt_amends_id_a794c084_fk_registry_ FOREIGN KEY (amends_id) REFERENCES public.registry_withdrawaltold(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.registry_withdrawaltold
    ADD CONSTRAINT registry_withdrawalt_export_id_54566aa0_fk_registry_ FOREIGN KEY (export_id) REFERENCES public.registry_export(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.scales_alert
    ADD CONSTRAINT scales_alert_amends_id_531a6279_fk_scales_alert_uid FOREIGN KEY (amends_id) REFERENCES public.scales_alert(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.scales_alert
    ADD CONSTRAINT scales_alert_patient_id_4c5945a8_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.scales_alert
    ADD CONSTRAINT scales_alert_sheet_id_698bd344_fk_scales_openedsheet_uid FOREIGN KEY (sheet_id) REFERENCES public.scales_openedsheet(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.scales_alerttask
    ADD CONSTRAINT scales_alerttask_alert_id_88cafc90_fk_scales_alert_uid FOREIGN KEY (alert_id) REFERENCES public.scales_alert(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.scales_alerttask
    ADD CONSTRAINT scales_alerttask_owner_id_7c6c71fd_fk_people_user_id FOREIGN KEY (owner_id) REFERENCES public.people_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.scales_alerttask
    ADD CONSTRAINT scales_alerttask_site_id_a330d70b_fk_people_site_id FOREIGN KEY (site_id) REFERENCES public.people_site(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.scales_assessment
    ADD CONSTRAINT scales_assessment_amends_id_dbc7a784_fk_scales_assessment_uid FOREIGN KEY (amends_id) REFERENCES public.scales_assessment(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.scales_assessment
    ADD CONSTRAINT scales_assessment_course_id_8618c7af_fk_course_course_id FOREIGN KEY (course_id) REFERENCES public.course_course(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.scales_assessment
    ADD CONSTRAINT scales_assessment_patient_id_f345665a_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.scales_assessment
    ADD CONSTRAINT scales_assessment_sheet_id_cc685dca_fk_scales_openedsheet_uid FOREIGN KEY (sheet_id) REFERENCES public.scales_openedsheet(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.scales_checkinlink
    ADD CONSTRAINT scales_checkinlink_course_id_81a5239d_fk_course_course_id FOREIGN KEY (course_id) REFERENCES public.course_course(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.scales_checkinlink
    ADD CONSTRAINT scales_checkinlink_made_by_id_745be4d2_fk_people_user_id FOREIGN KEY (made_by_id) REFERENCES public.people_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.scales_checkinlink
    ADD CONSTRAINT scales_checkinlink_patient_id_2ee58a82_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.scales_checkinlink
    ADD CONSTRAINT scales_checkinlink_site_id_2aceeaa6_fk_people_site_id FOREIGN KEY (site_id) REFERENCES public.people_site(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.scales_crisishelp
    ADD CONSTRAINT scales_crisishelp_amends_id_f90e55e9_fk_scales_crisishelp_uid FOREIGN KEY (amends_id) REFERENCES public.scales_crisishelp(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.scales_givenanswer
    ADD CONSTRAINT scales_givenanswer_amends_id_11bf46e8_fk_scales_givenanswer_uid FOREIGN KEY (amends_id) REFERENCES public.scales_givenanswer(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.scales_givenanswer
    ADD CONSTRAINT scales_givenanswer_patient_id_5d1afe85_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.scales_givenanswer
    ADD CONSTRAINT scales_givenanswer_sheet_id_7c4e9e6c_fk_scales_openedsheet_uid FOREIGN KEY (sheet_id) REFERENCES public.scales_openedsheet(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.scales_openedsheet
    ADD CONSTRAINT scales_openedsheet_amends_id_a39ebe23_fk_scales_openedsheet_uid FOREIGN KEY (amends_id) REFERENCES public.scales_openedsheet(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.scales_openedsheet
    ADD CONSTRAINT scales_openedsheet_course_id_a4ecf4b1_fk_course_course_id FOREIGN KEY (course_id) REFERENCES public.course_course(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.scales_openedsheet
    ADD CONSTRAINT scales_openedsheet_link_id_ef6761b9_fk_scales_checkinlink_id FOREIGN KEY (link_id) REFERENCES public.scales_checkinlink(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.scales_openedsheet
    ADD CONSTRAINT scales_openedsheet_patient_id_c2530a6c_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.scales_scaledefinition
    ADD CONSTRAINT scales_scaledefiniti_amends_id_c6417c53_fk_scales_sc FOREIGN KEY (amends_id) REFERENCES public.scales_scaledefinition(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.scales_scaletext
    ADD CONSTRAINT scales_scaletext_amends_id_6d508d51_fk_scales_scaletext_uid FOREIGN KEY (amends_id) REFERENCES public.scales_scaletext(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.schedule_appointment
    ADD CONSTRAINT schedule_appointment_attending_id_730e7cba_fk_people_user_id FOREIGN KEY (attending_id) REFERENCES public.people_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.schedule_appointment
    ADD CONSTRAINT schedule_appointment_chair_id_dd67b781_fk_schedule_chair_id FOREIGN KEY (chair_id) REFERENCES public.schedule_chair(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.schedule_appointment
    ADD CONSTRAINT schedule_appointment_course_id_523d48cf_fk_course_course_id FOREIGN KEY (course_id) REFERENCES public.course_course(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.schedule_appointment
    ADD CONSTRAINT schedule_appointment_nurse_id_6f9ff72b_fk_people_user_id FOREIGN KEY (nurse_id) REFERENCES public.people_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.schedule_appointment
    ADD CONSTRAINT schedule_appointment_patient_id_afb8c75c_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.schedule_appointment
    ADD CONSTRAINT schedule_appointment_room_id_0d3bca9c_fk_schedule_room_id FOREIGN KEY (room_id) REFERENCES public.schedule_room(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.schedule_appointment
    ADD CONSTRAINT schedule_appointment_site_id_6940427b_fk_people_site_id FOREIGN KEY (site_id) REFERENCES public.people_site(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.schedule_calendarlink
    ADD CONSTRAINT schedule_calendarlink_patient_id_79827993_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.schedule_calendarlink
    ADD CONSTRAINT schedule_calendarlink_site_id_1567794c_fk_people_site_id FOREIGN KEY (site_id) REFERENCES public.people_site(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.schedule_calendarlink
    ADD CONSTRAINT schedule_calendarlink_staff_id_455406ee_fk_people_user_id FOREIGN KEY (staff_id) REFERENCES public.people_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.schedule_chair
    ADD CONSTRAINT schedule_chair_room_id_371707d4_fk_schedule_room_id FOREIGN KEY (room_id) REFERENCES public.schedule_room(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.schedule_chair
    ADD CONSTRAINT schedule_chair_site_id_1942a53d_fk_people_site_id FOREIGN KEY (site_id) REFERENCES public.people_site(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.schedule_competence
    ADD CONSTRAINT schedule_competence_site_id_2a8ffa9f_fk_people_site_id FOREIGN KEY (site_id) REFERENCES public.people_site(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.schedule_competence
    ADD CONSTRAINT schedule_competence_staff_id_19e5dafd_fk_people_user_id FOREIGN KEY (staff_id) REFERENCES public.people_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.schedule_confirmlink
    ADD CONSTRAINT schedule_confirmlink_appointment_id_70b23888_fk_schedule_ FOREIGN KEY (appointment_id) REFERENCES public.schedule_appointment(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.schedule_gateoverride
    ADD CONSTRAINT schedule_gateoverrid_amends_id_04178662_fk_schedule_ FOREIGN KEY (amends_id) REFERENCES public.schedule_gateoverride(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.schedule_gateoverride
    ADD CONSTRAINT schedule_gateoverrid_appointment_id_1ae393ce_fk_schedule_ FOREIGN KEY (appointment_id) REFERENCES public.schedule_appointment(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.schedule_gateoverride
    ADD CONSTRAINT schedule_gateoverride_patient_id_e8627829_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.schedule_gatetask
    ADD CONSTRAINT schedule_gatetask_appointment_id_d6e06f49_fk_schedule_ FOREIGN KEY (appointment_id) REFERENCES public.schedule_appointment(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.schedule_gatetask
    ADD CONSTRAINT schedule_gatetask_owner_id_7b514dda_fk_people_user_id FOREIGN KEY (owner_id) REFERENCES public.people_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.schedule_room
    ADD CONSTRAINT schedule_room_site_id_bb0c8bcf_fk_people_site_id FOREIGN KEY (site_id) REFERENCES public.people_site(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.schedule_shift
    ADD CONSTRAINT schedule_shift_site_id_38cd94e7_fk_people_site_id FOREIGN KEY (site_id) REFERENCES public.people_site(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.schedule_shift
    ADD CONSTRAINT schedule_shift_staff_id_017bd208_fk_people_user_id FOREIGN KEY (staff_id) REFERENCES public.people_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.schedule_visitanswer
    ADD CONSTRAINT schedule_visitanswer_amends_id_c2dda1b0_fk_schedule_ FOREIGN KEY (amends_id) REFERENCES public.schedule_visitanswer(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.schedule_visitanswer
    ADD CONSTRAINT schedule_visitanswer_appointment_id_9f21f952_fk_schedule_ FOREIGN KEY (appointment_id) REFERENCES public.schedule_appointment(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.schedule_visitanswer
    ADD CONSTRAINT schedule_visitanswer_patient_id_fec58b2e_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.schedule_waiting
    ADD CONSTRAINT schedule_waiting_course_id_4621b639_fk_course_course_id FOREIGN KEY (course_id) REFERENCES public.course_course(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.schedule_waiting
    ADD CONSTRAINT schedule_waiting_patient_id_15f9070a_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.schedule_waiting
    ADD CONSTRAINT schedule_waiting_site_id_8789257c_fk_people_site_id FOREIGN KEY (site_id) REFERENCES public.people_site(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.session_check
    ADD CONSTRAINT session_check_amends_id_9a296b4c_fk_session_check_uid FOREIGN KEY (amends_id) REFERENCES public.session_check(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.session_check
    ADD CONSTRAINT session_check_session_id_5b6fc55d_fk_session_t FOREIGN KEY (session_id) REFERENCES public.session_treatmentsession(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.session_dose
    ADD CONSTRAINT session_dose_amends_id_7f2f94f5_fk_session_dose_uid FOREIGN KEY (amends_id) REFERENCES public.session_dose(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.session_dose
    ADD CONSTRAINT session_dose_session_id_ac458cd2_fk_session_treatmentsession_id FOREIGN KEY (session_id) REFERENCES public.session_treatmentsession(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.session_event
    ADD CONSTRAINT session_event_amends_id_98ee8d31_fk_session_event_uid FOREIGN KEY (amends_id) REFERENCES public.session_event(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.session_event
    ADD CONSTRAINT session_event_session_id_d5236c30_fk_session_t FOREIGN KEY (session_id) REFERENCES public.session_treatmentsession(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.session_gateentry
    ADD CONSTRAINT session_gateentry_amends_id_d433c4e8_fk_session_gateentry_uid FOREIGN KEY (amends_id) REFERENCES public.session_gateentry(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.session_gateentry
    ADD CONSTRAINT session_gateentry_session_id_2dcd3b41_fk_session_t FOREIGN KEY (session_id) REFERENCES public.session_treatmentsession(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.session_gateresult
    ADD CONSTRAINT session_gateresult_amends_id_0aca56ec_fk_session_gateresult_uid FOREIGN KEY (amends_id) REFERENCES public.session_gateresult(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.session_gateresult
    ADD CONSTRAINT session_gateresult_session_id_99017779_fk_session_t FOREIGN KEY (session_id) REFERENCES public.session_treatmentsession(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.session_photo
    ADD CONSTRAINT session_photo_amends_id_87e12206_fk_session_photo_uid FOREIGN KEY (amends_id) REFERENCES public.session_photo(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.session_photo
    ADD CONSTRAINT session_photo_session_id_1f72a742_fk_session_t FOREIGN KEY (session_id) REFERENCES public.session_treatmentsession(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.session_sessionmove
    ADD CONSTRAINT session_sessionmove_amends_id_dd3a63e6_fk_session_s FOREIGN KEY (amends_id) REFERENCES public.session_sessionmove(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.session_sessionmove
    ADD CONSTRAINT session_sessionmove_session_id_7c5f7cfc_fk_session_t FOREIGN KEY (session_id) REFERENCES public.session_treatmentsession(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.session_treatmentsession
    ADD CONSTRAINT session_treatmentses_patient_id_4e49ea31_fk_people_pa FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.session_treatmentsession
    ADD CONSTRAINT session_treatmentsession_chair_id_3b807036_fk_schedule_chair_id FOREIGN KEY (chair_id) REFERENCES public.schedule_chair(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.session_treatmentsession
    ADD CONSTRAINT session_treatmentsession_course_id_96b6d15a_fk_course_course_id FOREIGN KEY (course_id) REFERENCES public.course_course(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.session_treatmentsession
    ADD CONSTRAINT session_treatmentsession_nurse_id_7b667d58_fk_people_user_id FOREIGN KEY (nurse_id) REFERENCES public.people_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.session_treatmentsession
    ADD CONSTRAINT session_treatmentsession_order_id_e2a011cb_fk_plan_order_uid FOREIGN KEY (order_id) REFERENCES public.plan_order(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.session_treatmentsession
    ADD CONSTRAINT session_treatmentsession_site_id_2c350f99_fk_people_site_id FOREIGN KEY (site_id) REFERENCES public.people_site(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.stock_casestep
    ADD CONSTRAINT stock_casestep_amends_id_77ac8f20_fk_stock_casestep_uid FOREIGN KEY (amends_id) REFERENCES public.stock_casestep(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.stock_casestep
    ADD CONSTRAINT stock_casestep_case_id_90b740dd_fk_stock_stockcase_uid FOREIGN KEY (case_id) REFERENCES public.stock_stockcase(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.stock_countresult
    ADD CONSTRAINT stock_countresult_amends_id_f612b9f4_fk_stock_countresult_uid FOREIGN KEY (amends_id) REFERENCES public.stock_countresult(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.stock_countresult
    ADD CONSTRAINT stock_countresult_count_id_b737a879_fk_stock_stockcount_uid FOREIGN KEY (count_id) REFERENCES public.stock_stockcount(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.stock_countsheet
    ADD CONSTRAINT stock_countsheet_amends_id_e8caaf81_fk_stock_countsheet_uid FOREIGN KEY (amends_id) REFERENCES public.stock_countsheet(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.stock_countsheet
    ADD CONSTRAINT stock_countsheet_count_id_3f9ebca0_fk_stock_stockcount_uid FOREIGN KEY (count_id) REFERENCES public.stock_stockcount(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.stock_inventory
    ADD CONSTRAINT stock_inventory_amends_id_b9183f7a_fk_stock_inventory_uid FOREIGN KEY (amends_id) REFERENCES public.stock_inventory(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.stock_inventory
    ADD CONSTRAINT stock_inventory_result_id_7e565327_fk_stock_countresult_uid FOREIGN KEY (result_id) REFERENCES public.stock_countresult(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.stock_lossreport
    ADD CONSTRAINT stock_lossreport_amends_id_c81d98fb_fk_stock_lossreport_uid FOREIGN KEY (amends_id) REFERENCES public.stock_lossreport(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.stock_lossreport
    ADD CONSTRAINT stock_lossreport_case_id_31039af3_fk_stock_stockcase_uid FOREIGN KEY (case_id) REFERENCES public.stock_stockcase(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.stock_receipt
    ADD CONSTRAINT stock_receipt_amends_id_ced5c709_fk_stock_receipt_uid FOREIGN KEY (amends_id) REFERENCES public.stock_receipt(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.stock_shipment
    ADD CONSTRAINT stock_shipment_amends_id_35f705da_fk_stock_shipment_uid FOREIGN KEY (amends_id) REFERENCES public.stock_shipment(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.stock_stockcase
    ADD CONSTRAINT stock_stockcase_amends_id_a1d7ce02_fk_stock_stockcase_uid FOREIGN KEY (amends_id) REFERENCES public.stock_stockcase(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.stock_stockcount
    ADD CONSTRAINT stock_stockcount_amends_id_3e72c92e_fk_stock_stockcount_uid FOREIGN KEY (amends_id) REFERENCES public.stock_stockcount(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.stock_stockline
    ADD CONSTRAINT stock_stockline_amends_id_f69164c3_fk_stock_stockline_uid FOREIGN KEY (amends_id) REFERENCES public.stock_stockline(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.stock_stockline
    ADD CONSTRAINT stock_stockline_vial_id_e74a28e2_fk_stock_vial_uid FOREIGN KEY (vial_id) REFERENCES public.stock_vial(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.stock_vial
    ADD CONSTRAINT stock_vial_receipt_id_4f9c5338_fk_stock_receipt_uid FOREIGN KEY (receipt_id) REFERENCES public.stock_receipt(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.stock_vial
    ADD CONSTRAINT stock_vial_site_id_c5f387c3_fk_people_site_id FOREIGN KEY (site_id) REFERENCES public.people_site(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_breakglass
    ADD CONSTRAINT therapy_breakglass_amends_id_a534f74d_fk_therapy_breakglass_uid FOREIGN KEY (amends_id) REFERENCES public.therapy_breakglass(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_breakglass
    ADD CONSTRAINT therapy_breakglass_therapy_id_cc1b8871_fk_therapy_therapy_id FOREIGN KEY (therapy_id) REFERENCES public.therapy_therapy(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_clearance
    ADD CONSTRAINT therapy_clearance_amends_id_4cfab6cb_fk_therapy_clearance_uid FOREIGN KEY (amends_id) REFERENCES public.therapy_clearance(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_clearance
    ADD CONSTRAINT therapy_clearance_therapy_id_212276b4_fk_therapy_therapy_id FOREIGN KEY (therapy_id) REFERENCES public.therapy_therapy(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_goal
    ADD CONSTRAINT therapy_goal_amends_id_86005f7e_fk_therapy_goal_uid FOREIGN KEY (amends_id) REFERENCES public.therapy_goal(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_goal
    ADD CONSTRAINT therapy_goal_therapy_id_391d6e6e_fk_therapy_therapy_id FOREIGN KEY (therapy_id) REFERENCES public.therapy_therapy(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_goalstep
    ADD CONSTRAINT therapy_goalstep_amends_id_cf78cd7c_fk_therapy_goalstep_uid FOREIGN KEY (amends_id) REFERENCES public.therapy_goalstep(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_goalstep
    ADD CONSTRAINT therapy_goalstep_goal_id_ca21982c_fk_therapy_goal_uid FOREIGN KEY (goal_id) REFERENCES public.therapy_goal(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_goalstep
    ADD CONSTRAINT therapy_goalstep_therapy_id_cab64737_fk_therapy_therapy_id FOREIGN KEY (therapy_id) REFERENCES public.therapy_therapy(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_group_members
    ADD CONSTRAINT therapy_group_members_group_id_189a69ca_fk_therapy_group_id FOREIGN KEY (group_id) REFERENCES public.therapy_group(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_group_members
    ADD CONSTRAINT therapy_group_members_therapy_id_eaf6647e_fk_therapy_therapy_id FOREIGN KEY (therapy_id) REFERENCES public.therapy_therapy(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_group
    ADD CONSTRAINT therapy_group_site_id_e5782e2d_fk_people_site_id FOREIGN KEY (site_id) REFERENCES public.people_site(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_group
    ADD CONSTRAINT therapy_group_therapist_id_82588bfd_fk_people_user_id FOREIGN KEY (therapist_id) REFERENCES public.people_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_groupnote
    ADD CONSTRAINT therapy_groupnote_amends_id_a24aa15e_fk_therapy_groupnote_uid FOREIGN KEY (amends_id) REFERENCES public.therapy_groupnote(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_groupnote
    ADD CONSTRAINT therapy_groupnote_group_id_402e1ac8_fk_therapy_group_id FOREIGN KEY (group_id) REFERENCES public.therapy_group(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_itemsettled
    ADD CONSTRAINT therapy_itemsettled_amends_id_4bdb803b_fk_therapy_i FOREIGN KEY (amends_id) REFERENCES public.therapy_itemsettled(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_itemsettled
    ADD CONSTRAINT therapy_itemsettled_item_id_95cc990a_fk_therapy_openitem_uid FOREIGN KEY (item_id) REFERENCES public.therapy_openitem(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_itemsettled
    ADD CONSTRAINT therapy_itemsettled_therapy_id_e13524c8_fk_therapy_therapy_id FOREIGN KEY (therapy_id) REFERENCES public.therapy_therapy(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_journal
    ADD CONSTRAINT therapy_journal_amends_id_45523803_fk_therapy_journal_uid FOREIGN KEY (amends_id) REFERENCES public.therapy_journal(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_journal
    ADD CONSTRAINT therapy_journal_patient_id_b2f88b42_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_journalshare
    ADD CONSTRAINT therapy_journalshare_amends_id_3c749abe_fk_therapy_j FOREIGN KEY (amends_id) REFERENCES public.therapy_journalshare(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_journalshare
    ADD CONSTRAINT therapy_journalshare_page_id_106efba3_fk_therapy_journal_uid FOREIGN KEY (page_id) REFERENCES public.therapy_journal(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_note
    ADD CONSTRAINT therapy_note_amends_id_cf241269_fk_therapy_note_uid FOREIGN KEY (amends_id) REFERENCES public.therapy_note(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_note
    ADD CONSTRAINT therapy_note_group_id_3733394d_fk_therapy_group_id FOREIGN KEY (group_id) REFERENCES public.therapy_group(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_note
    ADD CONSTRAINT therapy_note_session_id_b151bf04_fk_session_treatmentsession_id FOREIGN KEY (session_id) REFERENCES public.session_treatmentsession(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_note
    ADD CONSTRAINT therapy_note_therapy_id_4a16843a_fk_therapy_therapy_id FOREIGN KEY (therapy_id) REFERENCES public.therapy_therapy(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_openitem
    ADD CONSTRAINT therapy_openitem_amends_id_9a15e9da_fk_therapy_openitem_uid FOREIGN KEY (amends_id) REFERENCES public.therapy_openitem(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_openitem
    ADD CONSTRAINT therapy_openitem_therapy_id_9ce4d9fd_fk_therapy_therapy_id FOREIGN KEY (therapy_id) REFERENCES public.therapy_therapy(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_summary
    ADD CONSTRAINT therapy_summary_amends_id_ed4ecb85_fk_therapy_summary_uid FOREIGN KEY (amends_id) REFERENCES public.therapy_summary(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_summary
    ADD CONSTRAINT therapy_summary_therapy_id_1141acc8_fk_therapy_therapy_id FOREIGN KEY (therapy_id) REFERENCES public.therapy_therapy(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_summaryword
    ADD CONSTRAINT therapy_summaryword_amends_id_506e7943_fk_therapy_s FOREIGN KEY (amends_id) REFERENCES public.therapy_summaryword(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_summaryword
    ADD CONSTRAINT therapy_summaryword_summary_id_e55e0d44_fk_therapy_summary_uid FOREIGN KEY (summary_id) REFERENCES public.therapy_summary(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_summaryword
    ADD CONSTRAINT therapy_summaryword_therapy_id_62f676af_fk_therapy_therapy_id FOREIGN KEY (therapy_id) REFERENCES public.therapy_therapy(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_supervision
    ADD CONSTRAINT therapy_supervision_amends_id_4b5c1cc6_fk_therapy_s FOREIGN KEY (amends_id) REFERENCES public.therapy_supervision(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_supervision
    ADD CONSTRAINT therapy_supervision_supervisor_id_ea6807c4_fk_people_user_id FOREIGN KEY (supervisor_id) REFERENCES public.people_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_supervision
    ADD CONSTRAINT therapy_supervision_therapy_id_19225ba7_fk_therapy_therapy_id FOREIGN KEY (therapy_id) REFERENCES public.therapy_therapy(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_therapy
    ADD CONSTRAINT therapy_therapy_course_id_b08ddafc_fk_course_course_id FOREIGN KEY (course_id) REFERENCES public.course_course(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_therapy
    ADD CONSTRAINT therapy_therapy_patient_id_2a909ab4_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_therapy
    ADD CONSTRAINT therapy_therapy_site_id_081a0a26_fk_people_site_id FOREIGN KEY (site_id) REFERENCES public.people_site(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.therapy_therapy
    ADD CONSTRAINT therapy_therapy_therapist_id_a79fa5b8_fk_people_user_id FOREIGN KEY (therapist_id) REFERENCES public.people_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.vitals_attachment
    ADD CONSTRAINT vitals_attachment_amends_id_741c72a3_fk_vitals_attachment_uid FOREIGN KEY (amends_id) REFERENCES public.vitals_attachment(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.vitals_attachment
    ADD CONSTRAINT vitals_attachment_device_id_117222fc_fk_vitals_device_id FOREIGN KEY (device_id) REFERENCES public.vitals_device(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.vitals_attachment
    ADD CONSTRAINT vitals_attachment_patient_id_d37922e0_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.vitals_device
    ADD CONSTRAINT vitals_device_chair_id_59b100a6_fk_schedule_chair_id FOREIGN KEY (chair_id) REFERENCES public.schedule_chair(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.vitals_device
    ADD CONSTRAINT vitals_device_site_id_9c1d4fc0_fk_people_site_id FOREIGN KEY (site_id) REFERENCES public.people_site(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.vitals_message
    ADD CONSTRAINT vitals_message_amends_id_e43ba0d5_fk_vitals_message_uid FOREIGN KEY (amends_id) REFERENCES public.vitals_message(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.vitals_message
    ADD CONSTRAINT vitals_message_device_id_6401ecef_fk_vitals_device_id FOREIGN KEY (device_id) REFERENCES public.vitals_device(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.vitals_reading
    ADD CONSTRAINT vitals_reading_amends_id_863e85ea_fk_vitals_reading_uid FOREIGN KEY (amends_id) REFERENCES public.vitals_reading(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.vitals_reading
    ADD CONSTRAINT vitals_reading_device_id_38ef1ebf_fk_vitals_device_id FOREIGN KEY (device_id) REFERENCES public.vitals_device(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.vitals_reading
    ADD CONSTRAINT vitals_reading_message_id_549cb481_fk_vitals_message_uid FOREIGN KEY (message_id) REFERENCES public.vitals_message(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.vitals_reading
    ADD CONSTRAINT vitals_reading_patient_id_6878a62b_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.vitals_readingmark
    ADD CONSTRAINT vitals_readingmark_amends_id_074c8707_fk_vitals_readingmark_uid FOREIGN KEY (amends_id) REFERENCES public.vitals_readingmark(uid) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.vitals_readingmark
    ADD CONSTRAINT vitals_readingmark_patient_id_fcd621ef_fk_people_patient_id FOREIGN KEY (patient_id) REFERENCES public.people_patient(id) DEFERRABLE INITIALLY DEFERRED;
