# Rails with Active Storage and nothing else: POST /rails/active_storage/direct_uploads.
ENV['RAILS_ENV'] = 'production'
require 'rails'
require 'active_record/railtie'
require 'active_job/railtie'
require 'action_controller/railtie'
require 'active_storage/engine'

module Bench
  class Application < Rails::Application
    config.root = File.expand_path('..', __dir__)
    config.load_defaults 6.1
    config.eager_load = true
    config.cache_classes = true
    config.consider_all_requests_local = false
    config.secret_key_base = 'bench' * 16
    config.log_level = :warn
    config.logger = Logger.new($stdout)
    config.active_storage.service = :s3
    # A token of an API in place of a session.
    config.action_controller.allow_forgery_protection = false
    config.hosts.clear
  end
end

# One writer beside readers, as a deployment with SQLite has it.
ActiveSupport.on_load(:active_record) do
  require 'active_record/connection_adapters/sqlite3_adapter'
  ActiveRecord::ConnectionAdapters::SQLite3Adapter.prepend(Module.new do
    def configure_connection
      super
      execute('PRAGMA journal_mode = WAL')
      execute('PRAGMA synchronous = NORMAL')
    end
  end)
end
